import type { Db } from '../db/connection/database.js';
import type { UnixMs } from '../evidence/instant.js';
import type { Pressure } from '../reconcile/pressure.js';
import type { ScheduleRules } from './schedule-of.js';

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
};
