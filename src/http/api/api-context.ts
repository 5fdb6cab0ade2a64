import type { Db } from '../../db/connection/database.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Registration } from '../../evidence/registration.js';
import type { Metrics } from '../../observability/metrics.js';
import type { BudgetLease, LeaseRequest } from '../../reconcile/budget-lease.js';
import type { Registered } from '../../sessions/facts/registrations.js';
import type { VerdictRules } from '../../sessions/facts/rules.js';
import type { Readiness } from '../ops/health-routes.js';
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

export type ApiContext = {
  db: Db;
  writes: LedgerWrites;
  rules: VerdictRules;
  readSummary: ReadSummary;
  readReadiness: () => Promise<Readiness>;
  now: () => UnixMs;
  log: Logger;
  metrics: Metrics;
};
