import type { Db } from '../../db/connection/database.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Registration } from '../../evidence/registration.js';
import type { Metrics } from '../../observability/metrics.js';
import type { BudgetLease, LeaseRequest } from '../../reconcile/budget-lease.js';
import type { Registered } from '../../sessions/facts/registrations.js';
import type { VerdictRules } from '../../sessions/facts/rules.js';
import type { Logger } from 'pino';

/** The writes of the API. When one returns, the session is folded, so that a read right after it sees the result. */
export type LedgerWrites = {
  register: (registration: Registration) => Promise<Registered>;
  addStopAnswer: (sid: string, raw: string) => Promise<'stored' | 'same' | 'unknown_session'>;
  leaseBudget: (request: LeaseRequest) => Promise<BudgetLease>;
  requestQuery: (sid: string) => Promise<'requested' | 'not_queryable' | 'unknown_session'>;
};

/** Reads the numbers of GET /v1/summary; the caller provides it, because it needs the accounts and the queue. */
export type ReadSummary = () => Promise<Record<string, unknown>>;

export type Readiness = {
  /** What keeps this process from serving; empty if nothing does. */
  obstacles: readonly string[];
  /** What a person should look into although the process can serve. */
  warnings: readonly string[];
  /** Notifications that wait in the spool; null in a process without the role `receiver`. */
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
  log: Logger;
  metrics: Metrics;
};
