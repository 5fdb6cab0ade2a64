import type { UnixMs } from '../evidence/instant.js';
import { priorityOf } from './query-class.js';
import { HEARTBEAT_MS, missesToSuspect } from './suspicion.js';

/** A session at the front of one of the schedule's orders, and since when it has waited there. */
export type Candidate = { sid: string; priority: number; sinceMs: UnixMs };

export type Heads = {
  /** Due by their class, each class's longest waiting first. */
  due: readonly Candidate[];
  /** A heartbeat was missed, the longest missing first; `sinceMs` is when the first one was. */
  suspects: readonly Omit<Candidate, 'priority'>[];
  /** Not asked about for longest. */
  oldest: readonly Omit<Candidate, 'priority'>[];
};

/** The share of all queries that always goes to whoever was not asked about for longest. */
export const OLDEST_FIRST_SHARE = 0.3;

/**
 * Which queries to ask next, at most `room`: `forOldest` of them go to the sessions not asked about
 * for longest, which is what bounds how long any of them stays unverified; the others by class and
 * then by waiting. A session with so many heartbeats missing that an end is likely counts as a
 * signal; one with fewer goes before the merely routine.
 */
export function chooseQueries(
  heads: Heads,
  room: number,
  forOldest: number,
  missRate: number,
  nowMs: UnixMs,
): readonly Candidate[] {
  const likelyAfterMs = (missesToSuspect(missRate) - 1) * HEARTBEAT_MS;
  const suspects = heads.suspects.map((suspect) => {
    const isLikely = nowMs - suspect.sinceMs >= likelyAfterMs;
    return { ...suspect, priority: priorityOf(isLikely ? 'signal' : 'heartbeat_missed') };
  });
  // Asked for their age, they must not wait behind the urgent ones that keep coming.
  const oldest = heads.oldest.slice(0, forOldest).map((one) => ({ ...one, priority: priorityOf('asked') })); // prettier-ignore
  const byClass = [...heads.due, ...suspects].sort(byUrgency);
  return firstOfEach([...oldest, ...byClass]).slice(0, room);
}

function byUrgency(a: Candidate, b: Candidate): number {
  return a.priority - b.priority || a.sinceMs - b.sinceMs;
}

function firstOfEach(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ sid }) => !seen.has(sid) && seen.add(sid));
}
