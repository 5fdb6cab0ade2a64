/** Everything about a world that can be turned. Durations in milliseconds, shares from 0 to 1. */
export type WorldProfile = {
  /** Lives are drawn from a mixture of short, middle and long ones around this mean. */
  meanLifeMs: number;
  /** No life is longer. */
  longestLifeMs: number;
  modes: readonly ('individual' | 'mix' | 'web' | 'raw')[];
  /** `start` answered, but nothing ever ran. */
  neverStartShare: number;
  /** Seen for some seconds with status 4, then gone: bad parameters. */
  failEarlyShare: number;
  /** Dies without a word: no leave, no upload, no exit notification. */
  crashShare: number;
  abnormalExitShare: number;
  failoversPerHour: number;
  /** How long queries answer 404 while a recording moves to another server. */
  failoverMs: readonly [shortest: number, longest: number];
  /** After a move, at least this long until the next: two that touch look like one that never ends. */
  calmMs: number;
  /**
   * After a move it lives at least this long before it begins to end. An end within one step of the asking
   * ladder of an unreported return cannot be distinguished from the move's own 404s.
   */
  calmBeforeEndMs: number;
  /** The replaced recorder still reports its exit. */
  replacedExitShare: number;
  /**
   * Whether that goodbye may come where the failover's announcement is lost or late. Nothing tells
   * such an exit from the session's own: no ledger can be right about it at that moment.
   */
  unannouncedExits: boolean;
  startupMs: readonly [shortest: number, longest: number];
  heartbeatEveryMs: number;
  /** How long the uploader goes on after the recorder is gone. */
  uploadTailMs: readonly [shortest: number, longest: number];
  snapshotShare: number;
  snapshotEveryMs: number;
  /** Of web recordings: paused for a while, pushed to one or two CDN addresses, and one of these lost. */
  holdShare: number;
  pushShare: number;
  disconnectedShare: number;
  /** A notification of which every attempt is lost. */
  loss: number;
  /** Exit notifications lost on top of that. */
  exitLoss: number;
  /** A notification delivered again: half as a resend, half as a redundant copy under another id. */
  duplicates: number;
  /** Share of deliveries that are delayed, and by how much. */
  delayedShare: number;
  delayMs: readonly [shortest: number, longest: number];
  /** Registered only this share of the time after the first notifications. */
  registeredLateShare: number;
};

export const USUAL_WORLD: WorldProfile = {
  meanLifeMs: 3_600_000,
  longestLifeMs: 14_400_000,
  modes: ['mix', 'mix', 'individual', 'web', 'raw'],
  neverStartShare: 0.05,
  failEarlyShare: 0.05,
  crashShare: 0.1,
  abnormalExitShare: 0.05,
  failoversPerHour: 0.3,
  failoverMs: [10_000, 85_000],
  calmMs: 180_000,
  calmBeforeEndMs: 60_000,
  replacedExitShare: 0.3,
  unannouncedExits: false,
  startupMs: [1_500, 4_000],
  heartbeatEveryMs: 60_000,
  uploadTailMs: [1_000, 20_000],
  snapshotShare: 0.1,
  snapshotEveryMs: 30_000,
  holdShare: 0.2,
  pushShare: 0.4,
  disconnectedShare: 0.2,
  loss: 0.05,
  exitLoss: 0.05,
  duplicates: 0.1,
  delayedShare: 0.1,
  delayMs: [5_000, 60_000],
  registeredLateShare: 0.1,
};

/** The same world, lived `speed` times as fast. */
export function scaleProfile(profile: WorldProfile, speed: number): WorldProfile {
  const pair = ([low, high]: readonly [number, number]): readonly [number, number] => [low / speed, high / speed];
  return {
    ...profile,
    meanLifeMs: profile.meanLifeMs / speed,
    longestLifeMs: profile.longestLifeMs / speed,
    failoversPerHour: profile.failoversPerHour * speed,
    failoverMs: pair(profile.failoverMs),
    calmMs: profile.calmMs / speed,
    calmBeforeEndMs: profile.calmBeforeEndMs / speed,
    startupMs: pair(profile.startupMs),
    heartbeatEveryMs: profile.heartbeatEveryMs / speed,
    uploadTailMs: pair(profile.uploadTailMs),
    snapshotEveryMs: profile.snapshotEveryMs / speed,
    delayMs: pair(profile.delayMs),
  };
}
