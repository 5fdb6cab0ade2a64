import type { WebParts } from './web-parts.js';

export type Mode = 'individual' | 'mix' | 'web' | 'raw';

/** What really becomes of a session, and how its end is told. */
export type Fate = 'completed' | 'abnormal_exit' | 'crashed' | 'failed_early' | 'never_started';

/** One session of a simulated world: the truth about it, and all it will say. Times in Unix ms. */
export type SimulatedSession = {
  sid: string;
  appId: string;
  resourceId: string;
  mode: Mode;
  cname: string;
  uid: string;
  snapshots: boolean;
  startMs: number;
  /** When its recorder is at work; equal to the start for one that never is. */
  readyMs: number;
  /** From when on it is winding down, and answers status 6. */
  stoppingMs: number;
  /** From when on there is no worker any more, for good. The truth that a ledger is measured by. */
  aliveUntilMs: number;
  fate: Fate;
  failovers: readonly Failover[];
  /** None but of a web recording. */
  parts: WebParts;
  notices: readonly PlannedNotice[];
};

/** From `atMs` to `backAtMs` queries answer 404 although the session lives. */
export type Failover = { atMs: number; backAtMs: number; newUid: string };

/** A notification as Agora would make it, before it is sent. */
export type PlannedNotice = {
  occurredMs: number;
  eventType: number;
  serviceType: number;
  uid: string;
  sequence: number;
  details: Record<string, unknown>;
};
