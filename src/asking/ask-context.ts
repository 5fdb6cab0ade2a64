import type { Logger } from 'pino';
import type { QueryClient } from '../agora/query-client.js';
import type { LedgerClock } from '../db/connection/ledger-clock.js';
import type { TellSparingly } from '../observability/log-sparingly.js';
import type { Metrics } from '../observability/metrics.js';
import type { Account } from './account.js';
import type { FoldContext } from '../ledger/fold-context.js';
import type { Gate } from './gate.js';

/** What may come with every query, and is told sparingly. */
export type Troubles = {
  slotNotReleased: TellSparingly;
  noRoute: TellSparingly;
  unreachable: TellSparingly;
};

/** What asking needs of the process it runs in, beside what folding does. */
export type AskContext = FoldContext & {
  accounts: ReadonlyMap<string, Account>;
  client: QueryClient;
  /** Dates what the client asked and was answered. */
  measureClock: LedgerClock['measure'];
  /** Where the queries of an account wait for their turn in this process. */
  gateOf: (account: string) => Gate;
  queryTimeoutMs: number;
  /** Raw notices of sessions at rest are dropped after so many days; 0 keeps them. */
  retentionDays: number;
  log: Logger;
  troubles: Troubles;
  metrics: Metrics;
};
