import type { UnixMs } from '../evidence/instant.js';
import { HEARTBEAT_MS } from './heartbeat.js';

/** How well notifications come through, told by the heartbeats of all sessions together. */
export type Channel = {
  /** For how long it has worked: 0 while it is dark, infinite where it has for a whole beat. */
  worksForMs: number;
  /** The share of heartbeats that does not come although it works. */
  missRate: number;
};

/** The latest heartbeat that was due of one session. */
type ExpectedBeat = { ageMs: number; misses: number };

const SLICES = 6;
const SLICE_MS = HEARTBEAT_MS / SLICES;
/** More in a row are no loss on the way: that session is over, or they were lost in the dark. */
const MOST_LOST_IN_A_ROW = 3;
/** What is believed of a channel that little was heard of: as much as ten heartbeats tell. */
const PRIOR = { beats: 10, missed: 0.5 };
const DARK = 0.5;

/**
 * Reads the channel off a sample of sessions: `beatsDueMs` is when the heartbeat after each one's last
 * is missed. Heartbeats are spread over the minute, so the latest ones due tell within seconds that a
 * receiver is reached again, and from when on silence means something.
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function readChannel(beatsDueMs: readonly UnixMs[], nowMs: UnixMs): Channel {
  const beats = beatsDueMs.map((dueMs) => latestBeat(dueMs, nowMs));
  const slices = Array.from({ length: SLICES }, (_, n) =>
    beats.filter(({ ageMs }) => Math.floor(ageMs / SLICE_MS) === n),
  );
  const firstDark = slices.findIndex((slice) => missRate(slice) > DARK);
  const heard = slices.slice(0, firstDark < 0 ? SLICES : firstDark).flat();
  return {
    worksForMs: firstDark < 0 ? Infinity : firstDark * SLICE_MS,
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
