import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Config } from './config/parse-config.js';
import { shardOfProcess } from './db/sessions/counters.js';
import type { Patience } from './db/connection/own-session.js';
import { closeDatabase, openDatabase, readLedgerId, warmUp, type Db } from './db/connection/database.js';
import { startLedgerClock, type LedgerClock } from './db/connection/ledger-clock.js';
import { requeueSetAside } from './db/sessions/set-aside.js';
import type { Listener } from './http/listen.js';
import { openQueueBackend, type QueueBackend } from './jobs/backend.js';
import { makePartitions } from './ledger/maintain.js';
import { closeQueues, foldWakeUp, openQueues, startJobs } from './jobs/start-jobs.js';
import { logSparingly } from './observability/log-sparingly.js';
import { askContext } from './start/ask-context.js';
import { openLooking } from './start/look-context.js';
import { machineClock } from './start/machine-clock.js';
import { openDatabaseServer } from './start/database-server.js';
import { openTraces } from './start/open-traces.js';
import { createOpenResources, type OpenResources } from './start/open-resources.js';
import { notReady, openOps, type Ops } from './start/ops.js';
import { openReadReplica, readPrimary, type ReadReplica } from './start/read-replica.js';
import { readReadiness } from './start/readiness.js';
import { startReporting } from './start/start-reporting.js';
import { startRollups } from './start/start-rollups.js';
import type { Components } from './start/components.js';
import { openSender, openWebhooks, wakingWebhooks } from './start/webhooks.js';
import { startApi } from './start/start-api.js';
import { openReceiverIntake, startReceiver } from './start/start-receiver.js';

export type App = {
  /** Where it listens; null for roles that this process does not run. */
  receiverPort: number | null;
  apiPort: number | null;
  opsPort: number | null;
  databaseUrl: string;
  /** Stops accepting, answers what it has, lets jobs finish, and closes, in that order. */
  stop: () => Promise<void>;
};

/** Connections of this process's pool, for folding, asking and the API. */
const POOL_SIZE = 10;
const QUEUE_CONNECTIONS = 2;
const REPLICA_CONNECTIONS = 3;
/** The primary is there too, so nobody waits for a replica for long. */
const AT_HAND: Patience = { connectMs: 1_000, statementMs: 10_000, lockMs: 1_000 };

/** Listeners that are open already, for this process to take over. Whoever opened them closes them. */
export type ExistingListeners = { receiver: Listener | null; api: Listener | null; ops: Ops | null };

const NO_LISTENERS: ExistingListeners = { receiver: null, api: null, ops: null };

/**
 * The composition root: the only place that constructs the database, the queue, the clock and the
 * client, and hands them out. Opens and migrates the database, then starts the roles asked for.
 */
export async function startApp(config: Config, log: Logger, existing: ExistingListeners = NO_LISTENERS): Promise<App> {
  const server = await openDatabaseServer(config, log);
  const opened = createOpenResources(log);
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every query that waits for a slot adds a listener
  const stop = async (): Promise<void> => {
    existing.ops?.tell(notReady('it is stopping'));
    stopping.abort();
    await opened.closeAll();
    await server.stop();
  };
  try {
    const ops = existing.ops ?? opened.add(await openOps(config, log), (it) => it.close());
    const { metrics } = ops;
    const opening = await openTraces(config, log);
    const traces = opening === null ? null : opened.add(opening, (it) => it.close()).traces;
    const { url, directUrl } = server;
    const surroundings = { config, url, directUrl, log, metrics, traces, stopping: stopping.signal };
    const components = await openComponents(surroundings, opened);
    const ports = await startRoles(components, existing, opened);
    ops.tell(() => readReadiness(components));
    return { ...ports, opsPort: ops.port, databaseUrl: server.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Surroundings = Pick<Components, 'config' | 'url' | 'log' | 'metrics' | 'traces'> & {
  directUrl: string;
  stopping: AbortSignal;
};

/** Opens what all roles share, in the order of the code; it is closed in the reverse order. */
async function openComponents(surroundings: Surroundings, opened: OpenResources): Promise<Components> {
  const { config, url, directUrl, log, metrics, traces, stopping } = surroundings;
  const shard = shardOfProcess();
  const db = opened.add(openLedger(config, url, log), closeDatabase);
  const clock = opened.add(await startClock(db, log), (it) => it.stop());
  await makePartitions({ db, now: clock.now, log });
  const ledgerId = await readLedgerId(db.pool);
  const backend = opened.add(openBackend(config, directUrl, ledgerId, log), (it) => it.close());
  const queues = opened.add(openQueues(backend), closeQueues);
  const readReplica = openReplica({ config, db, log, metrics }, opened);
  const wakeFolding = foldWakeUp(queues, log, metrics);
  const intake = config.roles.includes('receiver')
    ? opened.add(await openReceiverIntake({ config, url, ledgerId, shard, wakeFolding, log, metrics, traces }), (it) =>
        it.close(),
      )
    : null;
  const pressure = intake?.pressure ?? (() => 'none' as const);
  const context = askContext(config, db, clock, log, metrics, traces, stopping, pressure);
  opened.add(context.client, (it) => it.close());
  const webhooks = openWebhooks({ config, db, clock, queues, log, metrics });
  return { config, url, db, clock, log, metrics, traces, context, backend, queues, readReplica, webhooks, intake };
}

/**
 * Starts the roles one after another. The receiver comes last, so that its first request does not wait while
 * the other roles are still starting. All of them are closed at once, before what they share.
 */
async function startRoles(
  components: Components,
  existing: ExistingListeners,
  opened: OpenResources,
): Promise<Pick<App, 'receiverPort' | 'apiPort'>> {
  const { config, db, clock, log, backend, queues } = components;
  const running: { close: () => Promise<unknown> }[] = [];
  opened.add(running, (all) => Promise.all(all.map((one) => one.close())));
  const [hasJobs, hasApi, hasReceiver] = (['jobs', 'api', 'receiver'] as const).map((role) =>
    config.roles.includes(role),
  );
  if (hasJobs) {
    // This release may be able to fold sessions that the one before it could not.
    await requeueSetAside(db.pool, 'all', clock.now());
    const sender = await openSender(components);
    const looking = openLooking(components, opened);
    const jobs = startJobs(backend, queues, wakingWebhooks(components, sender), sender, looking);
    running.push(jobs, startReporting(components), startRollups(components));
    await jobs.ready();
  }
  if (hasApi) await warmUp(db).catch((error: unknown) => log.warn({ err: error }, 'api.not_warm'));
  const api = hasApi ? await startApi(components, existing.api) : null;
  if (api !== null) running.push(api);
  const receiver = hasReceiver ? await startReceiver(components, existing.receiver) : null;
  if (receiver !== null) running.push(receiver);
  return { receiverPort: receiver?.port ?? null, apiPort: api?.port ?? null };
}

/** Of a process that answers reads, and was told of one. */
function openReplica(
  { config, db, log, metrics }: Pick<Components, 'config' | 'db' | 'log' | 'metrics'>,
  opened: OpenResources,
): ReadReplica {
  const { databaseReadUrl: url, roles } = config;
  if (url === null || !roles.includes('api')) return readPrimary(db);
  const onError = logSparingly(log, 'warn', 'replica.not_usable');
  const options = { url, maxConnections: REPLICA_CONNECTIONS, applicationName: 'recording-ledger reads' };
  const replica = opened.add(openDatabase({ ...options, onIdleError: onError, patience: AT_HAND }), closeDatabase);
  const onLag = (seconds: number | null): void => metrics.replicaLag.set(seconds ?? Number.NaN);
  return opened.add(openReadReplica({ primary: db, replica, onLag, onError }), (it) => it.close());
}

function startClock({ pool }: Db, log: Logger): Promise<LedgerClock> {
  return startLedgerClock(pool, {
    wallMs: Date.now,
    monotonicMs: () => performance.now(),
    machine: machineClock(),
    onStep: (byMs) => log.warn({ byMs: Math.round(byMs) }, 'clock.stepped'),
    onError: logSparingly(log, 'warn', 'clock.not_measured'),
  });
}

function openLedger({ roles }: Config, url: string, log: Logger): Db {
  return openDatabase({
    url,
    maxConnections: POOL_SIZE,
    applicationName: `recording-ledger ${roles.join('+')}`,
    onIdleError: logSparingly(log, 'warn', 'postgres.connection_lost'),
  });
}

function openBackend({ redis }: Config, directUrl: string, ledgerId: string, log: Logger): QueueBackend {
  return openQueueBackend(
    redis === null
      ? { kind: 'postgres', url: directUrl, maxConnections: QUEUE_CONNECTIONS }
      : { kind: 'redis', redis, ledgerId },
    logSparingly(log, 'warn', 'queue.error'),
  );
}
