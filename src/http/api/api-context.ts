import type { Db } from '../../db/connection/database.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Registration } from '../../evidence/registration.js';
import type { Metrics } from '../../observability/metrics.js';
import type { BudgetLease, LeaseRequest } from '../../reconcile/budget-lease.js';
import type { Registered } from '../../sessions/facts/registrations.js';
import type { VerdictRules } from '../../sessions/facts/rules.js';
import type { Logger } from 'pino';

/** What the API changes. When these return, the session is folded: a read right after sees it. */
export type LedgerWrites = {
  register: (registration: Registration) => Promise<Registered>;
  addStopAnswer: (sid: string, raw: string) => Promise<'stored' | 'same' | 'unknown_session'>;
  leaseBudget: (request: LeaseRequest) => Promise<BudgetLease>;
  requestQuery: (sid: string) => Promise<'requested' | 'not_queryable' | 'unknown_session'>;
};

/** The numbers of GET /v1/summary, made by whoever knows the accounts and the queue. */
export type ReadSummary = () => Promise<Record<string, unknown>>;

export type Readiness = {
  /** What is in the way of serving; empty when nothing is. */
  obstacles: readonly string[];
  /** What a person should look into, though it does not keep this process from serving. */
  warnings: readonly string[];
  /** Notifications that the ledger does not have yet; null in a process that receives none. */
  spool: { entries: number; bytes: number } | null;
};

export type ApiContext = {
  db: Db;
  writes: LedgerWrites;
  rules: VerdictRules;
  readSummary: ReadSummary;
  /** Sets the gauges that are read from the ledger itself. */
  refreshGauges: () => Promise<void>;
  readReadiness: () => Promise<Readiness>;
  now: () => UnixMs;
  /** Aborted when the process is to stop: nobody is kept waiting then. */
  stopping: AbortSignal;
  log: Logger;
  metrics: Metrics;
};
