import type { Evidence } from '../../../src/evidence/evidence.js';
import type { Notice } from '../../../src/evidence/notice.js';
import type { Observation } from '../../../src/evidence/observation.js';
import type { Registration } from '../../../src/evidence/registration.js';
import { RULES } from '../builders.js';

/**
 * What a careful reader makes of the evidence by the contract's words alone. It shares no code with
 * the core, and where the contract leaves room it takes the laxer reading.
 */
export type Reading = {
  registration: Registration | null;
  /** Notices of the registered app; of any app while none is registered. */
  notices: readonly Notice[];
  /** An app that is not the session's may have been heard, and nothing tells which one is. */
  isAmbiguous: boolean;
  queries: readonly Observation[];
  stopped: boolean;
};

export function read(evidence: readonly Evidence[], foreignApp: string): Reading {
  const registration = evidence.find((piece) => piece.kind === 'registration') ?? null;
  const all = evidence.filter((piece) => piece.kind === 'notice');
  const isAmbiguous = registration === null && all.some(({ appId }) => appId === foreignApp);
  return {
    registration,
    notices: all.filter(({ appId }) => registration === null || appId === registration.appId),
    isAmbiguous,
    queries: evidence.filter((piece) => piece.kind === 'observation'),
    stopped: evidence.some((piece) => piece.kind === 'stop_answer' && piece.stopped),
  };
}

/** Event types of a recorder or an uploader at work, and of a failover. */
const AT_WORK: readonly number[] = [4, 12, 13, 30, 33, 40, 42, 45, 70];

export function isLife({ eventType, event }: Notice): boolean {
  if (event.type === 'streamChanged') return event.receiving === true;
  return AT_WORK.includes(eventType);
}

/** When it happened by its sender's clock, but never later than it was received. */
export function toldMs({ occurredMs, receivedMs }: Notice): number {
  return Math.min(occurredMs, receivedMs);
}

/** A status from 0 to 5, which nothing but a session at work answers. */
export function isAtWork({ outcome }: Observation): boolean {
  const status = outcome.kind === 'answered' ? outcome.answer.status : null;
  return status !== null && status >= 0 && status <= 5;
}

/** A 200 that says neither that the service exits (8) nor that it failed (20). */
export function isAlive({ outcome }: Observation): boolean {
  return outcome.kind === 'answered' && !saysOver(outcome);
}

/** "Failed to find worker", or a status that says that it has exited. */
export function findsItOver({ outcome }: Observation): boolean {
  return outcome.kind === 'not_found' || saysOver(outcome);
}

function saysOver(outcome: Observation['outcome']): boolean {
  if (outcome.kind !== 'answered') return false;
  return outcome.answer.status === 8 || outcome.answer.status === 20;
}

export function lifeTimes({ notices, queries }: Reading): number[] {
  return [...notices.filter(isLife).map(toldMs), ...queries.filter(isAlive).map(({ askedMs }) => askedMs)];
}

/** How long after an end the last look at it comes: longer than the longest failover, and a margin. */
export const LAST_LOOK_MS = RULES.goneConfirmMs + RULES.goneMarginMs;

const HOUR_MS = 3_600_000;
const DEFAULT_EXPIRY_HOURS = 72;

/** Until when a 404 proves anything: the hours of the resourceId, from the earliest it can have begun. */
export function windowEndMs(reading: Reading): number {
  const { registration } = reading;
  if (registration === null) return -Infinity;
  const { startedMs, receivedMs, resourceExpiredHour } = registration;
  const fromMs = Math.min(startedMs ?? receivedMs, receivedMs, ...lifeTimes(reading));
  return fromMs + (resourceExpiredHour ?? DEFAULT_EXPIRY_HOURS) * HOUR_MS;
}

/** The 404s that may prove something: asked while the window was open, after all that showed life. */
export function provingMisses(reading: Reading): readonly Observation[] {
  const aliveMs = Math.max(-Infinity, ...lifeTimes(reading));
  const untilMs = windowEndMs(reading);
  return reading.queries.filter(
    ({ outcome, askedMs }) => outcome.kind === 'not_found' && askedMs > aliveMs && askedMs < untilMs,
  );
}

/** 404s, cut apart where a silence between two of them is longer than `mostMs`. */
export function runsOf(misses: readonly Observation[], mostMs: number): Observation[][] {
  return misses.reduce<Observation[][]>((runs, missed) => {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run === undefined || before === undefined || missed.askedMs - before.answeredMs > mostMs) {
      return [...runs, [missed]];
    }
    run.push(missed);
    return runs;
  }, []);
}
