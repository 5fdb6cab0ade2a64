import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { createQueryClient } from './agora/query-client.js';
import type { AccountConfig } from './config/accounts.js';
import type { Config } from './config/parse-config.js';
import { addToCounter } from './db/counters.js';
import { readBacklog } from './db/pending-evidence.js';
import { closeDatabase, openDatabase, readLedgerId, type Db } from './db/database.js';
import { startLedgerClock, type LedgerClock } from './db/ledger-clock.js';
import { ensurePartitions } from './db/partitions.js';
import { storeNotices, type NoticeRow } from './db/store-notices.js';
import { storeQuarantine, type QuarantineRow } from './db/store-quarantine.js';
import { createApi } from './http/api/create-api.js';
import { createGroupCommit, type GroupCommit } from './http/group-commit.js';
import { listen, type Listener } from './http/listen.js';
import { createReceiver } from './http/receiver/create-receiver.js';
import type { Account } from './jobs/account.js';
import type { AskContext } from './jobs/ask-session.js';
import { openQueueBackend, type QueueBackend } from './jobs/backend.js';
import { addStopAnswer, register, requestQuery } from './jobs/ledger-writes.js';
import { foldBell, openQueues, startJobs, type JobQueues } from './jobs/start-jobs.js';
import { leaseBudget } from './jobs/lease-budget.js';
import { publishSummary, summarize } from './jobs/summarize.js';
import { createMetrics, type Metrics } from './observability/metrics.js';

export type App = {
  /** Where it listens; null for roles that this process does not run. */
  receiverPort: number | null;
  apiPort: number | null;
  /** Stops accepting, answers what it has, lets jobs finish, and closes, in that order. */
  stop: () => Promise<void>;
};

/** Connections of this process's pool: the receiver needs one or two, folding and asking the rest. */
const POOL_SIZE = 12;
const QUEUE_CONNECTIONS = 2;
/** One statement's worth of notifications, and how many may wait for theirs. */
const BATCH = 200;
const WAITING = 10_000;

/**
 * The composition root: the only place that constructs the database, the queue, the clock and the
 * client, and hands them out. `url` is a migrated database.
 */
export async function startApp(config: Config, url: string, log: Logger): Promise<App> {
  const undo: (() => Promise<void> | void)[] = [];
  try {
    return await assemble(config, url, log, undo);
  } catch (error) {
    await unwind(undo, log);
    throw error;
  }
}

async function assemble(
  config: Config,
  url: string,
  log: Logger,
  undo: (() => Promise<void> | void)[],
): Promise<App> {
  const metrics = createMetrics();
  const db = openDatabase({
    url,
    maxConnections: POOL_SIZE,
    applicationName: `recording-ledger ${config.roles.join('+')}`,
    onIdleError: (error) => log.warn({ err: error }, 'postgres.connection_lost'),
  });
  undo.push(() => closeDatabase(db));
  const clock = await startLedgerClock(db.pool, Date.now, (error) => log.warn({ err: error }, 'clock.not_measured')); // prettier-ignore
  undo.push(() => clock.stop());
  await ensurePartitions(db.pool, clock.now());
  const backend = openBackend(config, url, await readLedgerId(db.pool), log);
  undo.push(() => backend.close());
  const queues = openQueues(backend);
  undo.push(() => closeQueues(queues));
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every query that waits for its slot listens
  const context = askContext(config, db, clock, log, metrics, stopping.signal);
  undo.push(() => context.client.close());
  const parts: Parts = { config, db, clock, log, metrics, context, backend, queues };

  if (config.roles.includes('jobs')) {
    const jobs = startJobs(backend, queues, context);
    undo.push(() => jobs.close());
  }
  const api = config.roles.includes('api') ? await startApi(parts) : null;
  if (api !== null) undo.push(() => api.close());
  const receiver = config.roles.includes('receiver') ? await startReceiver(parts) : null;
  if (receiver !== null) undo.push(() => receiver.close());
  return {
    receiverPort: receiver?.port ?? null,
    apiPort: api?.port ?? null,
    stop: () => {
      stopping.abort();
      return unwind(undo, log);
    },
  };
}

type Parts = {
  config: Config;
  db: Db;
  clock: LedgerClock;
  log: Logger;
  metrics: Metrics;
  context: AskContext;
  backend: QueueBackend;
  queues: JobQueues;
};

/** What was opened last closes first: listeners, then workers, then queues, then the database. */
async function unwind(undo: (() => Promise<void> | void)[], log: Logger): Promise<void> {
  for (const step of undo.reverse()) {
    try {
      await step();
    } catch (error) {
      log.warn({ err: error }, 'shutdown.step_failed');
    }
  }
  undo.length = 0;
}

function openBackend(
  { redisUrl }: Config,
  url: string,
  ledgerId: string,
  log: Logger,
): QueueBackend {
  return openQueueBackend(
    redisUrl === null
      ? { kind: 'postgres', url, maxConnections: QUEUE_CONNECTIONS }
      : { kind: 'redis', url: redisUrl, ledgerId },
    (error) => log.warn({ err: error }, 'queue.error'),
  );
}

async function closeQueues(queues: JobQueues): Promise<void> {
  await Promise.all(Object.values(queues).map((queue) => queue.close()));
}

function askContext(
  config: Config,
  db: Db,
  { now }: LedgerClock,
  log: Logger,
  metrics: Metrics,
  stopping: AbortSignal,
): AskContext {
  const accounts = config.accounts.map((account) => toAccount(account, config.qpsShare));
  const owners = new Map(
    accounts.flatMap(({ name, appIds }) => appIds.map((appId) => [appId, name] as const)),
  );
  return {
    db,
    now,
    log,
    metrics,
    shard: process.pid % 1024,
    stopping,
    rules: { ...config.rules, accountOf: (appId) => owners.get(appId) ?? null },
    accounts: new Map(accounts.map((account) => [account.name, account])),
    client: createQueryClient({
      baseUrls: config.baseUrls,
      timeoutMs: config.queryTimeoutMs,
      now,
    }),
    queryTimeoutMs: config.queryTimeoutMs,
  };
}

function toAccount(account: AccountConfig, share: number): Account {
  const { name, customerId, customerSecret, qps, apps } = account;
  const appIds = apps.map(({ appId }) => appId);
  const appPerSecond = new Map(
    apps.flatMap((app) => (app.qps === null ? [] : [[app.appId, app.qps * share] as const])),
  );
  return { name, customerId, customerSecret, perSecond: qps * share, appIds, appPerSecond };
}

async function startApi({
  config,
  db,
  clock,
  log,
  metrics,
  context,
  backend,
  queues,
}: Parts): Promise<Listener> {
  // prettier-ignore
  const accounts = [...context.accounts.values()];
  const { goneConfirmMs } = config.rules;
  const { now } = clock;
  const readSummary = () => summarize({ db, accounts, goneConfirmMs, targetMs: config.truthTargetMs, backend, queues, now }); // prettier-ignore
  const app = createApi(
    {
      db,
      now,
      log,
      metrics,
      rules: config.rules,
      writes: {
        register: (registration) => register(context, registration),
        addStopAnswer: (sid, raw) => addStopAnswer(context, sid, raw),
        requestQuery: (sid) => requestQuery(context, sid),
        leaseBudget: (appId, count) => leaseBudget({ db, now, accountOf: (id) => accounts.find(({ appIds }) => appIds.includes(id)) }, appId, count), // prettier-ignore
      },
      readSummary,
      refreshGauges: async () => {
        publishSummary(metrics, await readSummary());
        metrics.pendingEvidence.set((await readBacklog(db.pool)).waiting);
      },
      findObstacles: () => findObstacles(db, queues),
    },
    config.api.keys,
  );
  return listen(app, config.api.host, config.api.port, 'API_PORT');
}

async function findObstacles(db: Db, queues: JobQueues): Promise<string[]> {
  const checks: [string, Promise<unknown>][] = [
    ['Postgres does not answer', db.pool.query('select 1')],
    ['the queue does not answer', queues.fold.getJobCounts('waiting')],
  ];
  const results = await Promise.allSettled(checks.map(([, check]) => check));
  return checks.flatMap(([obstacle], index) =>
    results[index]?.status === 'rejected' ? [obstacle] : [],
  );
}

async function startReceiver({
  config,
  db,
  clock,
  log,
  metrics,
  context,
  queues,
}: Parts): Promise<Listener> {
  // prettier-ignore
  const { shard } = context;
  const ring = foldBell(queues, log);
  const notices = createGroupCommit<NoticeRow>({
    maxBatch: BATCH,
    maxWaiting: WAITING,
    store: async (rows) => {
      const end = metrics.storeDuration.startTimer();
      await storeNotices(db.pool, rows, shard);
      end();
      metrics.storeBatch.observe(rows.length);
      ring();
    },
  });
  const quarantine = createGroupCommit<QuarantineRow>({
    maxBatch: BATCH,
    maxWaiting: WAITING,
    store: async (rows) => {
      await storeQuarantine(db, rows, shard);
    },
  });
  const app = createReceiver({
    apps: config.accounts.flatMap(({ apps }) =>
      apps.map(({ appId, ncsSecrets }) => ({ appId, secrets: ncsSecrets })),
    ),
    maxBytes: config.receiver.maxBytes,
    notices,
    quarantine,
    onRejected: countRejections(db, shard, log),
    now: clock.now,
    log,
    metrics,
  });
  const listener = await listen(app, config.receiver.host, config.receiver.port, 'RECEIVER_PORT');
  return { port: listener.port, close: () => closeReceiver(listener, [notices, quarantine]) };
}

async function closeReceiver(
  listener: Listener,
  commits: readonly Pick<GroupCommit<unknown>, 'drain'>[],
): Promise<void> {
  await listener.close();
  await Promise.all(commits.map((commit) => commit.drain()));
}

const COUNT_EVERY_MS = 1_000;

/** Refused notifications cost one write a second, however many somebody sends. */
function countRejections(db: Db, shard: number, log: Logger): () => void {
  let rejected = 0;
  let writing = false;
  const write = (): void => {
    const amount = rejected;
    rejected = 0;
    writing = false;
    addToCounter(db.pool, 'rejected', amount, shard).catch((error: unknown) => {
      log.warn({ err: error }, 'counter.not_written');
    });
  };
  return () => {
    rejected += 1;
    if (writing) return;
    writing = true;
    setTimeout(write, COUNT_EVERY_MS).unref();
  };
}
