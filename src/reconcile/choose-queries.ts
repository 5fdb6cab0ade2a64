import type { UnixMs } from '../evidence/instant.js';
import { priorityOf, type QueryClass } from './query-class.js';

/** A session at the front of one of the schedule's orders. */
export type Waiting = { sid: string; sinceMs: UnixMs };
export type Candidate = Waiting & { priority: number };

/** The fronts of the schedule's orders, each in the order in which it would be served. */
export type Heads = {
  /** Due by their class, each class's longest waiting first. */
  due: readonly Candidate[];
  /** A 404 now would prove an end: `sinceMs` is from when on. */
  proofs: readonly Waiting[];
  /** So many heartbeats are missing that an end is likely, the longest silence first. */
  likely: readonly Waiting[];
  /** A heartbeat is missing. */
  suspects: readonly Waiting[];
  /** Not asked about for longest. */
  oldest: readonly Waiting[];
};

/** The share of all queries that is kept for whoever was not asked about for longest. */
export const OLDEST_FIRST_SHARE = 0.3;

/** The ages of sessions that were not asked about, from which on that alone is a reason to ask. */
export type OldestFirst = {
  /** Among the share that is left to the oldest. */
  shareFromMs: number;
  /** From here on it is counted how many there are: should all get there at once, all can be asked in time. */
  countedFromMs: number;
  /** By then it must have been asked about. */
  byMs: number;
};

/**
 * The promise is that each session is asked about within the time in which the oldest-first share
 * alone comes round, whatever else is urgent. Asking all of them takes the rest of it.
 */
export function oldestFirst(live: number, perSecond: number, routineIntervalMs: number): OldestFirst {
  const roundMs = (live / (perSecond * OLDEST_FIRST_SHARE)) * 1000;
  const countedFromMs = Math.max(roundMs * (1 - OLDEST_FIRST_SHARE), routineIntervalMs);
  return {
    shareFromMs: Math.max(roundMs / 2, routineIntervalMs),
    countedFromMs,
    byMs: countedFromMs + roundMs * OLDEST_FIRST_SHARE,
  };
}

/** Kept free of the time that is left to those who are old: the rate may fall, and a count is of a moment ago. */
const RESERVE = { share: 0.1, ms: 10_000 };

/**
 * From which age on sessions go before anything else, when so many are counted as old: late enough that
 * few of them hold up nothing urgent, and early enough that the last of them is asked about in time.
 */
export function firstFromMs(
  { countedFromMs, byMs }: Pick<OldestFirst, 'countedFromMs' | 'byMs'>,
  old: number,
  perSecond: number,
): number {
  const reserveMs = (byMs - countedFromMs) * RESERVE.share + RESERVE.ms;
  return Math.max(countedFromMs, byMs - reserveMs - (old / perSecond) * 1000);
}

/** What choosing depends on beside the heads. */
export type Situation = {
  /** How many may be chosen. */
  room: number;
  /** From which age on a session goes before anything else. */
  firstFromMs: number;
  /** Drawn from [0, 1), so that the share is kept on average where there is room for few. */
  chance: number;
  nowMs: UnixMs;
};

/**
 * Which queries to ask next: before all, who was not asked about for too long; then what is urgent,
 * likely ends among it; then the share of the oldest; then whose heartbeat is missing, and what is
 * merely due.
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function chooseQueries(heads: Heads, situation: Situation): readonly Candidate[] {
  const { room, chance, nowMs, firstFromMs } = situation;
  const proofs = heads.proofs.map(as('confirm_end'));
  const due = [...heads.due, ...proofs].sort(byUrgency);
  const [urgent, merelyDue] = partition(due, ({ priority }) => priority <= priorityOf('trigger'));
  // Asked for their age, they must not wait in the queue behind the urgent ones that keep coming.
  const oldest = heads.oldest.map(as('asked'));
  const [tooOld, old] = partition(oldest, ({ sinceMs }) => nowMs - sinceMs >= firstFromMs);
  const share = old.slice(0, Math.floor(room * OLDEST_FIRST_SHARE + chance));
  const likely = heads.likely.map(as('trigger'));
  const suspects = heads.suspects.map(as('heartbeat_missed'));
  const ordered = [...tooOld, ...urgent, ...likely, ...share, ...suspects, ...merelyDue];
  return firstOfEach(ordered).slice(0, room);
}

function as(queryClass: QueryClass): (waiting: Waiting) => Candidate {
  return (waiting) => ({ ...waiting, priority: priorityOf(queryClass) });
}

function partition<T>(all: readonly T[], belongs: (one: T) => boolean): [T[], T[]] {
  return [all.filter(belongs), all.filter((one) => !belongs(one))];
}

function byUrgency(a: Candidate, b: Candidate): number {
  return a.priority - b.priority || a.sinceMs - b.sinceMs;
}

function firstOfEach(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ sid }) => !seen.has(sid) && seen.add(sid));
}
