import type { QueryOutcome } from '../../../src/evidence/observation.js';
import { createRandom, type Random } from '../../../src/simulator/random.js';
import type { SimulatedSession } from '../../../src/simulator/simulated-session.js';
import type { World } from './moves.js';

type Stretch = { fromMs: number; untilMs: number };

/** How one query travels: when it is asked, of which moment it speaks, and when it is answered. */
export type Journey = { askedMs: number; ofMs: number; answeredMs: number; lost: QueryOutcome | null };

export type Wire = {
  /** When a query that is due at `dueMs` is really asked, seen from `nowMs`. */
  askedAt: (dueMs: number, nowMs: number) => number;
  journey: (askedMs: number) => Journey;
  /** From when on everything that is planned is asked in time, but for what `silence` takes. */
  promptFromMs: number;
};

const USUAL_MS = 120;
const TIMEOUT_MS = 10_000;
/** Scarcity lasts until this long after the end. */
const SCARCE_AFTER_THE_END_MS = 300_000;

/** The way between the ledger and Agora, with all that can hold a query up on it. */
export function createWire({ seed, moves }: World, truth: SimulatedSession): Wire {
  const random = createRandom(seed, 'wire');
  const burst = (): Stretch => stretchIn(truth, random, [20_000, 180_000]);
  const killing = (): Stretch => stretchIn(truth, random, [60_000, 400_000]);
  const bursts = Array.from({ length: moves.bursts }, burst);
  const killed = Array.from({ length: moves.killed }, killing);
  const scarceUntilMs = moves.scarcityMs > 0 ? truth.aliveUntilMs + SCARCE_AFTER_THE_END_MS : 0;
  let delayMs = random.between(0, moves.scarcityMs);
  const ends = [...bursts, ...killed].map(({ untilMs }) => untilMs);
  return {
    promptFromMs: Math.max(0, scarceUntilMs + moves.scarcityMs, ...ends),
    askedAt: (dueMs, nowMs) => {
      const scarceMs = dueMs < scarceUntilMs ? dueMs + delayMs : dueMs;
      return afterSilence(killed, Math.max(scarceMs, nowMs));
    },
    journey: (askedMs) => {
      delayMs = random.between(0, moves.scarcityMs);
      return travel(askedMs, moves, random, bursts);
    },
  };
}

/** Anywhere from the start to some minutes after the end. */
function stretchIn(
  { startMs, aliveUntilMs }: SimulatedSession,
  random: Random,
  lasting: readonly [number, number],
): Stretch {
  const near = random.chance(0.5); // around the end is where it hurts
  const fromMs = near ? aliveUntilMs + random.between(-200_000, 150_000) : random.between(startMs, aliveUntilMs);
  return { fromMs, untilMs: fromMs + random.between(...lasting) };
}

/** A killed process asks nothing; the one that is started afterwards asks what is due by then. */
function afterSilence(killed: readonly Stretch[], atMs: number): number {
  return killed.reduce((askedMs, { fromMs, untilMs }) => {
    return askedMs >= fromMs && askedMs < untilMs ? untilMs : askedMs;
  }, atMs);
}

function travel(askedMs: number, moves: World['moves'], random: Random, bursts: readonly Stretch[]): Journey {
  if (random.chance(moves.timeouts)) {
    const lost: QueryOutcome = { kind: 'unavailable', reason: 'timeout' };
    return { askedMs, ofMs: askedMs, answeredMs: askedMs + TIMEOUT_MS, lost };
  }
  const lasts = Math.max(USUAL_MS, Math.round(random.between(0, moves.stallMs)));
  const bursting = bursts.some(({ fromMs, untilMs }) => askedMs >= fromMs && askedMs < untilMs);
  const silent = bursting || random.chance(moves.silence);
  const ofMs = askedMs + Math.round(random.between(0, lasts));
  return { askedMs, ofMs, answeredMs: askedMs + lasts, lost: silent ? random.pick(SILENCES) : null };
}

/** Answers that say nothing about the recording. */
const SILENCES: readonly QueryOutcome[] = [
  { kind: 'incomplete' },
  { kind: 'throttled', retryAfterMs: 2_000 },
  { kind: 'unavailable', reason: 'server' },
  { kind: 'unavailable', reason: 'timeout' },
  { kind: 'unavailable', reason: 'network' },
];
