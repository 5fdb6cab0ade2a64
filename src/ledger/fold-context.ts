import type { Db } from '../db/connection/database.js';
import type { UnixMs } from '../evidence/instant.js';
import type { Notice } from '../evidence/notice.js';
import type { Pressure } from '../reconcile/pressure.js';
import type { Session } from '../sessions/verdict/session.js';
import type { ScheduleRules } from './schedule-of.js';

/** A session as it was saved: what had last been said of it, if anything, and what is said now. */
export type SessionFold = {
  said: Session | null;
  session: Session;
  /** Whether that is a new version; `savedMs` is its time then. */
  isNew: boolean;
  savedMs: UnixMs;
  /** When the first of the evidence behind it was received; null where it is not new. */
  learnedMs: UnixMs | null;
  /** The notices among what was folded for the first time, and between when they were. */
  notices: readonly Notice[];
  foldedMs: { from: UnixMs; to: UnixMs };
};

/** What folding needs of its process. */
export type FoldContext = {
  db: Db;
  rules: ScheduleRules;
  now: () => UnixMs;
  /** This process's row of the running totals. */
  shard: number;
  /** Aborted when the process stops: long work ends after its current transaction. */
  stopping: AbortSignal;
  /** How heavy this process's load of incoming notifications is. */
  pressure: () => Pressure;
  /** Called for a session that could not be folded, with the reason. It is tried again later. */
  onSetAside: (sid: string, error: unknown) => void;
  /** Called with the sessions that were saved, after the commit. */
  onSaved: (saved: readonly SessionFold[]) => void;
};
