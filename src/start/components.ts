import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.js';
import type { Db } from '../db/connection/database.js';
import type { LedgerClock } from '../db/connection/ledger-clock.js';
import type { OpenedIntake } from '../intake/open-intake.js';
import type { AskContext } from '../asking/ask-context.js';
import type { QueueBackend } from '../jobs/backend.js';
import type { JobQueues } from '../jobs/start-jobs.js';
import type { ManageContext } from '../webhooks/manage-endpoints.js';
import type { Metrics } from '../observability/metrics.js';
import type { Traces } from '../observability/traces.js';
import type { ReadReplica } from './read-replica.js';

/** What the roles of a process share. */
export type Components = {
  config: Config;
  url: string;
  db: Db;
  clock: LedgerClock;
  log: Logger;
  metrics: Metrics;
  /** Null where nobody asked for traces. */
  traces: Traces | null;
  context: AskContext;
  backend: QueueBackend;
  queues: JobQueues;
  readReplica: ReadReplica;
  webhooks: ManageContext;
  /** Null in a process without the role `receiver`. */
  intake: OpenedIntake | null;
};
