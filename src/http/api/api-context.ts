import type { Db } from '../../db/connection/database.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Registration } from '../../evidence/registration.js';
import type { Metrics } from '../../observability/metrics.js';
import type { BudgetLease, LeaseRequest } from '../../reconcile/budget-lease.js';
import type { PlanRules } from '../../reconcile/planned-query.js';
import type { Registered } from '../../sessions/facts/registrations.js';
import type { ManageEndpoints } from '../../webhooks/manage-endpoints.js';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { SummaryAnswer } from './answers/summary-schema.js';
import type { StreamChanges } from './change-streams.js';
import type { ReadTimelinePage } from './timeline-pages.js';

/** The writes of the API. When one returns, the session is folded, so that a read right after it sees the result. */
export type LedgerWrites = {
  register: (registration: Registration) => Promise<Registered>;
  addStopAnswer: (sid: string, raw: string) => Promise<'stored' | 'same' | 'unknown_session'>;
  leaseBudget: (request: LeaseRequest) => Promise<BudgetLease>;
  requestQuery: (sid: string) => Promise<'requested' | 'not_queryable' | 'unknown_session'>;
  requestLook: (sid: string) => Promise<'requested' | 'no_bucket' | 'unknown_session'>;
  /** Takes in what can be read now of so many quarantined bodies after a place, oldest first. */
  replayQuarantine: (after: string, limit: number) => Promise<PartlyReplayed>;
};

/** `unreadable`: how many stay, by why; `next`: where to go on, null at the end. */
export type PartlyReplayed = { taken: number; unreadable: ReadonlyMap<string, number>; next: string | null };

/** Reads the numbers of GET /v1/summary; the caller provides it, because it needs the accounts and the queue. */
export type ReadSummary = () => Promise<SummaryAnswer>;

export type ApiContext = {
  db: Db;
  /** For what may tell of a moment ago: lists and statistics, and nothing that a caller has just written. */
  readOlder: <T>(read: (db: Db) => Promise<T>) => Promise<T>;
  writes: LedgerWrites;
  /** Of outgoing webhooks; reads go to the database. */
  webhooks: ManageEndpoints;
  rules: PlanRules;
  /** In which the same noticeId is the same notification: one of each account, as a rule. */
  identityScopes: readonly string[];
  /** Apps that have credentials here; about sessions of others nothing can be asked. */
  configuredApps: readonly string[];
  /** Queries a second that Agora allows each account, by its name. */
  limits: ReadonlyMap<string, number>;
  readSummary: ReadSummary;
  readReadiness: () => Promise<Readiness>;
  now: () => UnixMs;
  /** Aborted when the process is to stop: nobody is kept waiting then. */
  stopping: AbortSignal;
  log: Logger;
  metrics: Metrics;
};

export type Readiness = {
  /** What keeps this process from serving; empty if nothing does. */
  obstacles: readonly string[];
  /** What a person should look into although the process can serve. */
  warnings: readonly string[];
  /** Notifications that wait in the spool; null in a process without the role `receiver`. */
  spool: { entries: number; bytes: number } | null;
};

/** What is needed where there is no ledger. */
export type HealthContext = Pick<ApiContext, 'readReadiness' | 'metrics'>;

type Document = { readDocument: () => Readonly<Record<string, unknown>> };

/** What handlers of `OPEN_ROUTES` are handed. */
export type OpenContext = HealthContext & Document;

/** What all others are handed. */
export type ServedContext = ApiContext &
  Document & { readTimelinePage: ReadTimelinePage; waitForChanges: RequestHandler; streamChanges: StreamChanges };
