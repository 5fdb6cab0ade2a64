import { DAY_MS, plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import type { LookFact } from '../sessions/facts/looks.js';
import { uploadState } from '../sessions/facts/upload.js';
import type { Ending } from '../sessions/verdict/ending.js';
import { lastCheckMs, storedState } from '../sessions/verdict/stored-files.js';
import { fittingBuckets, type KnownBucket } from './fitting-buckets.js';

export type LookRules = {
  bucketCheckAfterMs: number;
  buckets: readonly KnownBucket[];
};

/** What a look is for. A person's wish goes before all others. */
export type LookClass = 'asked' | 'unvouched' | 'held_elsewhere' | 'last_check';

export type PlannedLook = { dueMs: UnixMs; lookClass: LookClass };

/** Each look at a session comes after five times as long as the one before: 1, 5, 25 min, 2 h, 10 h, a day. */
const TIMES = 5;
/** Failed looks are repeated after half of the time that has passed, and within these. */
const RETRY_MS = { least: 60_000, most: 6 * 3_600_000 };
/** A bucket that refuses for longer has no answer that anybody still waits for. */
const GIVE_UP_MS = 8 * DAY_MS;
/** Looked at no earlier than this after the day is over, by a clock that may be ahead. */
const MARGIN_MS = 1_000;

/**
 * The next look into the bucket for a session that is over and whose upload nobody has vouched for: again and again,
 * less and less often, until everything is there or a day has passed. Null where none is needed, or no bucket fits.
 * `endKnownMs` is when the ledger learned of the end.
 * Ours: docs/decisions/051-the-bucket-is-a-third-witness.md
 */
export function planLook(
  facts: SessionFacts,
  ending: Ending | null,
  session: { appId: string | null; endKnownMs: UnixMs | null },
  rules: LookRules,
): PlannedLook | null {
  const { appId, endKnownMs } = session;
  if (rules.buckets.length === 0 || ending === null || endKnownMs === null) return null;
  if (ending.outcome === 'never_started' || storedState(facts, ending) !== null) return null;
  const told = uploadState(facts);
  const fitting = fittingBuckets(rules.buckets, appId, facts.registration?.startCall?.storage ?? null);
  if (told === 'uploaded' || fitting.length === 0) return null;
  const steps = stepsFrom(endKnownMs, lastCheckMs(ending), rules.bucketCheckAfterMs);
  const dues = fitting.map(({ name }) =>
    dueOf(
      facts.looks.find(({ bucket }) => bucket === name),
      steps,
      endKnownMs,
    ),
  );
  const dueMs = dues.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null);
  if (dueMs === null || dueMs > endKnownMs + GIVE_UP_MS) return null;
  return { dueMs, lookClass: classOf(dueMs, steps, told) };
}

/** Ascending; the last is the check a day after the end. */
function stepsFrom(endKnownMs: UnixMs, lastMs: UnixMs, firstAfterMs: number): readonly UnixMs[] {
  const lastStepMs = Math.max(plusMs(lastMs, MARGIN_MS), plusMs(endKnownMs, firstAfterMs));
  const steps: UnixMs[] = [];
  for (let afterMs = Math.max(firstAfterMs, 1); endKnownMs + afterMs < lastStepMs; afterMs *= TIMES) {
    steps.push(plusMs(endKnownMs, afterMs));
  }
  return [...steps, unixMs(lastStepMs)];
}

/** The first step after the last listing of this bucket; sooner where a look since has failed. */
function dueOf(look: LookFact | undefined, steps: readonly UnixMs[], endKnownMs: UnixMs): UnixMs | null {
  const listedMs = look?.listed?.askedMs ?? null;
  const stepMs = steps.find((step) => listedMs === null || step > listedMs) ?? null;
  if (stepMs === null) return null;
  const failedMs = Math.max(look?.refused?.askedMs ?? 0, look?.unavailable?.askedMs ?? 0);
  if (failedMs < stepMs || failedMs <= (listedMs ?? 0)) return stepMs;
  const waitMs = Math.min(Math.max((failedMs - endKnownMs) / 2, RETRY_MS.least), RETRY_MS.most);
  return plusMs(unixMs(failedMs), waitMs);
}

function classOf(dueMs: UnixMs, steps: readonly UnixMs[], told: ReturnType<typeof uploadState>): LookClass {
  if (dueMs >= (steps.at(-1) ?? dueMs)) return 'last_check';
  return told === 'backed_up' || told === 'stranded' ? 'held_elsewhere' : 'unvouched';
}
