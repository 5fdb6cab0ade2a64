import { createRandom, type Random } from '../../src/simulator/random.js';

/** Everything is in seconds of virtual time, from the beginning of the measured run. */
export type WorldOptions = {
  seed: number;
  /** How many sessions live at any time. */
  sessions: number;
  hours: number;
  /** How long heartbeats outlive the recorder. */
  tail: number;
  /** The receiver is unreachable for ten minutes every three hours. */
  outages: boolean;
};

export type TruthSession = {
  index: number;
  start: number;
  end: number;
  failovers: readonly { from: number; to: number }[];
  /** When the exit notification arrives; null when it never does. */
  exitHeard: number | null;
  /** Whether it is one of those whose exit was lost on its own, not to an outage. */
  started: boolean;
  filesTold: boolean;
};

export type TruthWorld = WorldOptions & {
  all: readonly TruthSession[];
  isAlive: (session: TruthSession, at: number) => boolean;
  /** When the last heartbeat that arrived until then happened; null when none did. */
  lastBeat: (session: TruthSession, at: number) => number | null;
  /** When the next heartbeat after `at` arrives; null when none does any more. */
  nextArrival: (session: TruthSession, at: number) => number | null;
};

const MEAN_LIFE = 3_600;
/** Short, middle and long lives; shares and means of a mixture with mean 1. */
const MIXTURE = [
  { share: 0.3, mean: 0.2 },
  { share: 0.5, mean: 0.8 },
  { share: 0.2, mean: 2.7 },
];
const EXIT_LOST = 0.05;
const EXIT_DELAYED = 0.1;
const BEAT = 60;
const BEAT_LOST = 0.05;
const NOTICE_LOST = 0.05;
const FAILOVERS_PER_HOUR = 0.02;
const LATENCY = 0.3;
const OUTAGE_EVERY = 10_800;
const OUTAGE_FROM = 5_400;
const OUTAGE_LENGTH = 600;

export function createWorld(options: WorldOptions): TruthWorld {
  const random = createRandom(options.seed, 'truth');
  const seconds = options.hours * 3_600;
  const all: TruthSession[] = [];
  // A population that has been going on for ever: its members' remaining lives are weighted by length.
  for (let n = 0; n < options.sessions; n += 1) {
    const mean = drawMean(random, ({ share, mean: part }) => share * part);
    const age = random.exponential(mean);
    all.push(aSession(all.length, -age, random.exponential(mean), random, options));
  }
  const everySeconds = MEAN_LIFE / options.sessions;
  for (let at = random.exponential(everySeconds); at < seconds; at += random.exponential(everySeconds)) {
    const life = random.exponential(drawMean(random, ({ share }) => share));
    all.push(aSession(all.length, at, at + life, random, options));
  }
  return {
    ...options,
    all,
    isAlive: ({ start, end, failovers }, at) =>
      at >= start && at < end && !failovers.some(({ from, to }) => at >= from && at < to),
    lastBeat: (session, at) => lastBeat(session, at, options),
    nextArrival: (session, at) => nextArrival(session, at, options),
  };
}

function drawMean(random: Random, weight: (part: (typeof MIXTURE)[number]) => number): number {
  const total = MIXTURE.reduce((sum, part) => sum + weight(part), 0);
  let drawn = random.next() * total;
  for (const part of MIXTURE) {
    drawn -= weight(part);
    if (drawn < 0) return part.mean * MEAN_LIFE;
  }
  return MEAN_LIFE;
}

function aSession(index: number, start: number, end: number, random: Random, options: WorldOptions): TruthSession {
  const delay = random.chance(EXIT_DELAYED) ? random.between(5, 60) : LATENCY;
  const exitLost = random.chance(EXIT_LOST) || isDark(end + delay, options);
  return {
    index,
    start,
    end,
    failovers: drawFailovers(random, start, end),
    exitHeard: exitLost ? null : end + delay,
    started: !random.chance(NOTICE_LOST) && !isDark(start + 2, options),
    filesTold: !random.chance(NOTICE_LOST) && !isDark(start + 5, options),
  };
}

function drawFailovers(random: Random, start: number, end: number): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let at = start + 30 + random.exponential(3_600 / FAILOVERS_PER_HOUR);
  while (at < end) {
    const to = at + random.between(20, 90);
    if (to >= end) break;
    found.push({ from: at, to });
    at = to + 180 + random.exponential(3_600 / FAILOVERS_PER_HOUR);
  }
  return found;
}

export function isDark(at: number, { outages }: Pick<WorldOptions, 'outages'>): boolean {
  const phase = at % OUTAGE_EVERY;
  return outages && at > 0 && phase >= OUTAGE_FROM && phase < OUTAGE_FROM + OUTAGE_LENGTH;
}

/** When an outage is over that is going on. */
export function outageEndAfter(at: number): number {
  return at - (at % OUTAGE_EVERY) + OUTAGE_FROM + OUTAGE_LENGTH;
}

/** Heartbeats are not kept: whether the k-th of a session is lost follows from its numbers. */
function lastBeat(session: TruthSession, at: number, options: WorldOptions): number | null {
  const until = Math.min(at - LATENCY, session.end + options.tail);
  for (let k = Math.floor((until - session.start) / BEAT); k >= 1; k -= 1) {
    if (arrives(session, k, options)) return session.start + k * BEAT;
  }
  return null;
}

function nextArrival(session: TruthSession, at: number, options: WorldOptions): number | null {
  const until = session.end + options.tail;
  const first = Math.max(Math.floor((at - LATENCY - session.start) / BEAT + 0.001) + 1, 1);
  for (let k = first; session.start + k * BEAT <= until; k += 1) {
    if (arrives(session, k, options)) return session.start + k * BEAT + LATENCY;
  }
  return null;
}

function arrives(session: TruthSession, k: number, options: WorldOptions): boolean {
  const beatAt = session.start + k * BEAT;
  const silent = session.failovers.some(({ from, to }) => beatAt >= from && beatAt < to);
  return !silent && !isDark(beatAt + LATENCY, options) && !isLost(options.seed, session.index, k);
}

function isLost(seed: number, index: number, k: number): boolean {
  let hash = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b) ^ Math.imul(k, 0xc2b2ae35)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39) >>> 0;
  return ((hash ^ (hash >>> 15)) >>> 0) / 4_294_967_296 < BEAT_LOST;
}
