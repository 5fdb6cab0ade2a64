import type { Db } from '../db/connection/database.js';
import type { UnixMs } from '../evidence/instant.js';
import type { Pressure } from '../reconcile/pressure.js';
import type { Session } from '../sessions/verdict/session.js';
import type { ScheduleRules } from './schedule-of.js';

/** A session as it was saved: what had last been said of it, if anything, and what is said now. */
export type SavedSession = {
  said: Session | null;
  session: Session;
  /** Whether that is a new version; `savedMs` is its time then. */
  isNew: boolean;
  savedMs: UnixMs;
  /** When the first of the evidence behind it was received; null where it is not new. */
  learnedMs: UnixMs | null;
};

/** What folding needs of the process it runs in. */
export type FoldContext = {
  db: Db;
  rules: ScheduleRules;
  now: () => UnixMs;
  /** This process's own row of the running totals. */
  shard: number;
  /** Aborted when the process is to stop: long work ends at its next good place. */
  stopping: AbortSignal;
  /** How hard notifications press into this process. */
  pressure: () => Pressure;
  /** Told of a session that could not be folded, and why. It is tried again. */
  onSetAside: (sid: string, error: unknown) => void;
  /** Told of sessions that were saved, once that is committed. */
  onSaved: (saved: readonly SavedSession[]) => void;
};
