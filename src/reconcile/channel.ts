import type { UnixMs } from '../evidence/instant.js';
import { HEARTBEAT_MS } from './heartbeat.js';

/** The notification channel: how reliably notifications reach us, by the heartbeats of all sessions together. */
export type Channel = {
  /**
   * How long it has worked. 0 while no notification reaches the receiver, infinite if it has worked for at
   * least one heartbeat interval.
   */
  worksForMs: number;
  /** The share of heartbeats that are lost although the channel works. */
  missRate: number;
};

/** The latest heartbeat that a session should have sent. */
type ExpectedBeat = { ageMs: number; misses: number };

const SLICES = 6;
const SLICE_MS = HEARTBEAT_MS / SLICES;
/** More misses in a row are not single losses: the session is over, or the receiver could not be reached. */
const MOST_LOST_IN_A_ROW = 3;
/** The prior for a channel with little data; it weighs as much as ten heartbeats. */
const PRIOR = { beats: 10, missed: 0.5 };
const MOSTLY_MISSED = 0.5;

/**
 * Estimates the state of the channel from a sample of sessions. `beatsDueMs` are the times at which each
 * session's next heartbeat counts as missed. Heartbeats are spread over the minute, so the latest ones due
 * show within seconds that the receiver can be reached again, and since when a missing heartbeat means
 * something.
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function readChannel(beatsDueMs: readonly UnixMs[], nowMs: UnixMs): Channel {
  const beats = beatsDueMs.map((dueMs) => latestBeat(dueMs, nowMs));
  const slices = Array.from({ length: SLICES }, (_, n) =>
    beats.filter(({ ageMs }) => Math.floor(ageMs / SLICE_MS) === n),
  );
  const firstMissed = slices.findIndex((slice) => missRate(slice) > MOSTLY_MISSED);
  const heard = slices.slice(0, firstMissed < 0 ? SLICES : firstMissed).flat();
  return {
    worksForMs: firstMissed < 0 ? Infinity : firstMissed * SLICE_MS,
    missRate: missRate(heard.filter(({ misses }) => misses <= MOST_LOST_IN_A_ROW)),
  };
}

function latestBeat(dueMs: UnixMs, nowMs: UnixMs): ExpectedBeat {
  const lateMs = nowMs - dueMs;
  if (lateMs < 0) return { ageMs: Math.max(lateMs + HEARTBEAT_MS, 0), misses: 0 };
  return { ageMs: lateMs % HEARTBEAT_MS, misses: Math.floor(lateMs / HEARTBEAT_MS) + 1 };
}

function missRate(beats: readonly ExpectedBeat[]): number {
  const missed = beats.filter(({ misses }) => misses > 0).length;
  return (missed + PRIOR.missed) / (beats.length + PRIOR.beats);
}
