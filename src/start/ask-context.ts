import type { Logger } from 'pino';
import { createQueryClient } from '../agora/query-client.js';
import type { AccountConfig } from '../config/accounts.js';
import type { Config } from '../config/parse-config.js';
import { shardOfProcess } from '../db/sessions/counters.js';
import type { Db } from '../db/connection/database.js';
import type { LedgerClock } from '../db/connection/ledger-clock.js';
import type { Account } from '../asking/account.js';
import type { AskContext } from '../asking/ask-context.js';
import { createGates } from '../asking/gate.js';
import { publishSaved } from '../ledger/publish-saved.js';
import type { Pressure } from '../reconcile/pressure.js';
import { logSparingly } from '../observability/log-sparingly.js';
import type { Metrics } from '../observability/metrics.js';
import type { Traces } from '../observability/traces.js';
import { traceSaved } from '../ledger/trace-saved.js';

/** What queries and folds need: the accounts, the rules, and the client. */
export function askContext(
  config: Config,
  db: Db,
  { now, measure }: LedgerClock,
  log: Logger,
  metrics: Metrics,
  traces: Traces | null,
  stopping: AbortSignal,
  pressure: () => Pressure,
): AskContext {
  const publish = publishSaved(metrics, config.rules.accountOf);
  const follow = traces === null ? () => undefined : traceSaved(traces, now);
  const accounts = config.accounts.map((account) => toAccount(account, config.qpsShare));
  return {
    db,
    now,
    measureClock: measure,
    log,
    metrics,
    traces,
    shard: shardOfProcess(),
    stopping,
    pressure,
    onSetAside: (sid, error) => {
      metrics.setAsides.inc();
      log.error({ sid, err: error }, 'session.set_aside');
    },
    onSaved: (saved) => {
      publish(saved);
      follow(saved);
    },
    rules: config.rules,
    accounts: new Map(accounts.map((account) => [account.name, account])),
    client: createQueryClient({
      baseUrls: config.baseUrls,
      timeoutMs: config.queryTimeoutMs,
      now,
    }),
    gateOf: createGates(),
    errorEvents: {
      slotNotReleased: logSparingly(log, 'warn', 'slot.not_released'),
      noRoute: logSparingly(log, 'error', 'query.no_route'),
      unreachable: logSparingly(log, 'warn', 'agora.unreachable'),
    },
    queryTimeoutMs: config.queryTimeoutMs,
    retention: config.retention,
  };
}

/** The account of the settings as those who ask need it; `share` is the part of its limit that is ours. */
export function toAccount(account: AccountConfig, share: number): Account {
  const { name, customerId, customerSecret, qps, apps } = account;
  const appIds = apps.map(({ appId }) => appId);
  const limits = (limit: number) => ({ limit, perSecond: limit * share });
  const appLimits = new Map(apps.flatMap((app) => (app.qps === null ? [] : [[app.appId, limits(app.qps)] as const])));
  return { name, customerId, customerSecret, ...limits(qps), appIds, appLimits };
}
