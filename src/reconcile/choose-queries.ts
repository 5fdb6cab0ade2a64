import type { UnixMs } from '../evidence/instant.js';
import { priorityOf, type QueryClass } from './query-class.js';

/** A session at the front of one of the schedule's orders. */
export type Waiting = { sid: string; sinceMs: UnixMs };
export type Candidate = Waiting & { priority: number };

/** The fronts of the schedule's orders, each in the order in which it would be served. */
export type Heads = {
  /** Due, by class; within a class the one that has waited longest comes first. */
  due: readonly Candidate[];
  /** A 404 would prove an end from `sinceMs` on. */
  proofs: readonly Waiting[];
  /** Enough heartbeats are missing to make an end likely; the longest silence first. */
  likely: readonly Waiting[];
  /** While the receiver is unreachable: silent sessions whose turn has come. Otherwise none. */
  turns: readonly Waiting[];
  /** A heartbeat is missing. */
  suspects: readonly Waiting[];
  /** Those not asked about for the longest time. */
  oldest: readonly Waiting[];
};

/** The share of all queries that is reserved for the sessions that were not asked about for the longest time. */
export const OLDEST_FIRST_SHARE = 0.3;

/** A session's age is the time since it was last asked about. From these ages on, age alone is a reason to ask. */
export type OldestFirst = {
  /** From this age on a session may use the oldest-first share. */
  shareFromMs: number;
  /**
   * From this age on sessions are counted, so that all of them can be asked in time even if they all reach
   * the limit at once.
   */
  countedFromMs: number;
  /** By this age it must have been asked about. */
  byMs: number;
};

/**
 * The bound is that each session is asked about within the time in which the oldest-first share alone reaches
 * all sessions, whatever else is urgent. Asking all counted sessions takes the rest of that time.
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

/** A reserve in the time that is left for the oldest sessions: the rate may fall, and the count may be out of date. */
const RESERVE = { share: 0.1, ms: 10_000 };

/**
 * The age from which on sessions go before everything else, given how many old ones were counted: late enough
 * that a few of them delay nothing urgent, and early enough that the last of them is asked about in time.
 */
export function firstFromMs(
  { countedFromMs, byMs }: Pick<OldestFirst, 'countedFromMs' | 'byMs'>,
  old: number,
  perSecond: number,
): number {
  const reserveMs = (byMs - countedFromMs) * RESERVE.share + RESERVE.ms;
  return Math.max(countedFromMs, byMs - reserveMs - (old / perSecond) * 1000);
}

/** What the choice depends on, apart from the heads. */
export type Situation = {
  /** How many may be chosen. */
  room: number;
  /** From which age on a session goes before anything else. */
  firstFromMs: number;
  /** A random number in [0, 1), so that the share is met on average even where there is room for only a few. */
  chance: number;
  nowMs: UnixMs;
};

/**
 * Which queries to ask next. First the sessions that were not asked about for too long; then what is urgent,
 * likely ends included; then silent sessions in their turn, while silence proves nothing; then the oldest-first
 * share; then sessions whose last heartbeat is missing; then what is merely due. The bound rests on the first
 * rule alone, so the share may wait for the turns.
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 * Ours: docs/decisions/049-old-sessions-have-their-turn-too.md
 */
export function chooseQueries(heads: Heads, situation: Situation): readonly Candidate[] {
  const { room, chance, nowMs, firstFromMs } = situation;
  const proofs = heads.proofs.map(as('confirm_end'));
  const due = [...heads.due, ...proofs].sort(byUrgency);
  const [urgent, merelyDue] = partition(due, ({ priority }) => priority <= priorityOf('trigger'));
  // These get the highest priority, so that they do not wait in the queue behind urgent queries that keep
  // coming.
  const oldest = heads.oldest.map(as('asked'));
  const [tooOld, old] = partition(oldest, ({ sinceMs }) => nowMs - sinceMs >= firstFromMs);
  const share = old.slice(0, Math.floor(room * OLDEST_FIRST_SHARE + chance));
  const likely = heads.likely.map(as('trigger'));
  const turns = heads.turns.map(as('heartbeat_missed'));
  const suspects = heads.suspects.map(as('heartbeat_missed'));
  const ordered = [...tooOld, ...urgent, ...likely, ...turns, ...share, ...suspects, ...merelyDue];
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
