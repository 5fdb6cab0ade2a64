import type { RetentionDays } from '../ledger/apply-retention.js';
import type { Logger } from 'pino';
import type { QueryClient } from '../agora/query-client.js';
import type { LedgerClock } from '../db/connection/ledger-clock.js';
import type { TellSparingly } from '../observability/log-sparingly.js';
import type { Metrics } from '../observability/metrics.js';
import type { Traces } from '../observability/traces.js';
import type { Account } from './account.js';
import type { FoldContext } from '../ledger/fold-context.js';
import type { Gate } from './gate.js';

/** What may come with every query, and is told sparingly. */
export type ErrorEvents = {
  slotNotReleased: TellSparingly;
  noRoute: TellSparingly;
  unreachable: TellSparingly;
};

/** What queries need of their process, in addition to what folding needs. */
export type AskContext = FoldContext & {
  accounts: ReadonlyMap<string, Account>;
  client: QueryClient;
  /** The clock by which questions and answers are dated. */
  measureClock: LedgerClock['measure'];
  /** The gate at which the queries of an account wait for their turn in this process. */
  gateOf: (account: string) => Gate;
  queryTimeoutMs: number;
  /** Raw notices of sessions at rest are dropped after so many days; 0 keeps them. */
  retention: RetentionDays;
  log: Logger;
  errorEvents: ErrorEvents;
  metrics: Metrics;
  /** Null where nobody asked for traces. */
  traces: Traces | null;
};
