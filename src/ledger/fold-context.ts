import type { Db } from '../db/connection/database.js';
import type { UnixMs } from '../evidence/instant.js';
import type { Pressure } from '../reconcile/pressure.js';
import type { ScheduleRules } from './schedule-of.js';

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
};
