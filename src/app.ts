import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Config } from './config/parse-config.js';
import { shardOfProcess } from './db/sessions/counters.js';
import {
  closeDatabase,
  openDatabase,
  readLedgerId,
  warmUp,
  type Db,
} from './db/connection/database.js';
import { startLedgerClock, type LedgerClock } from './db/connection/ledger-clock.js';
import { takeBack } from './db/sessions/set-aside.js';
import type { Listener } from './http/listen.js';
import { openQueueBackend, type QueueBackend } from './jobs/backend.js';
import { makePartitions } from './jobs/keep-house.js';
import { closeQueues, foldBell, openQueues, startJobs } from './jobs/start-jobs.js';
import { within } from './timing/within.js';
import { logSparingly } from './observability/log-sparingly.js';
import { createMetrics } from './observability/metrics.js';
import { askContext } from './start/ask-context.js';
import { machineClock } from './start/machine-clock.js';
import type { Parts } from './start/parts.js';
import { startApi } from './start/start-api.js';
import { openReceiverIntake, startReceiver } from './start/start-receiver.js';

export type App = {
  /** Where it listens; null for roles that this process does not run. */
  receiverPort: number | null;
  apiPort: number | null;
  /** Stops accepting, answers what it has, lets jobs finish, and closes, in that order. */
  stop: () => Promise<void>;
};

/** Connections of this process's pool, for folding, asking and the API. */
const POOL_SIZE = 10;
const QUEUE_CONNECTIONS = 2;

/** What listens already where this process is to listen. */
export type Standing = { receiver: Listener | null; api: Listener | null };

const NOBODY: Standing = { receiver: null, api: null };

/**
 * The composition root: the only place that constructs the database, the queue, the clock and the
 * client, and hands them out. `url` is a migrated database.
 */
export async function startApp(
  config: Config,
  url: string,
  log: Logger,
  standing: Standing = NOBODY,
): Promise<App> {
  const undo: Undo = [];
  try {
    return await assemble(config, url, log, standing, undo);
  } catch (error) {
    await unwind(undo, log);
    throw error;
  }
}

type Undo = (() => unknown)[];
type Closeable = { close: () => Promise<unknown> };

async function assemble(
  config: Config,
  url: string,
  log: Logger,
  standing: Standing,
  undo: Undo,
): Promise<App> {
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every query that waits for its slot listens
  const parts = await openParts(config, url, log, stopping.signal, undo);
  const has = (role: Config['roles'][number]): boolean => config.roles.includes(role);
  const serving: Closeable[] = [];
  undo.push(() => Promise.all(serving.map((part) => part.close())));
  const closing = <T extends Closeable>(part: T): T => {
    serving.push(part);
    return part;
  };
  // All of it ready before the first request, which would else wait behind the work of getting ready.
  if (has('jobs')) {
    // This may be a release that can fold what another could not.
    await takeBack(parts.db.pool, 'all', parts.clock.now());
    await closing(startJobs(parts.backend, parts.queues, parts.context)).ready();
  }
  if (has('api')) await warmUp(parts.db).catch((error: unknown) => log.warn({ err: error }, 'api.not_warm')); // prettier-ignore
  const api = has('api') ? closing(await startApi(parts, standing.api)) : null;
  const receiver = has('receiver') ? closing(await startReceiver(parts, standing.receiver)) : null;
  return {
    receiverPort: receiver?.port ?? null,
    apiPort: api?.port ?? null,
    stop: () => {
      stopping.abort();
      return unwind(undo, log);
    },
  };
}

async function openParts(
  config: Config,
  url: string,
  log: Logger,
  stopping: AbortSignal,
  undo: Undo,
): Promise<Parts> {
  const metrics = createMetrics();
  const db = openLedger(config, url, log, undo);
  const clock = await openClock(db, log);
  undo.push(() => clock.stop());
  await makePartitions({ db, now: clock.now, log });
  const ledgerId = await readLedgerId(db.pool);
  const backend = openBackend(config, url, ledgerId, log);
  undo.push(() => backend.close());
  const queues = openQueues(backend);
  undo.push(() => closeQueues(queues));
  const shard = shardOfProcess();
  const ring = foldBell(queues, log);
  const isReceiver = config.roles.includes('receiver');
  const intake = isReceiver ? await openReceiverIntake({ config, url, ledgerId, shard, ring, log, metrics }) : null; // prettier-ignore
  if (intake !== null) undo.push(() => intake.close());
  const pressure = intake?.pressure ?? (() => 'none' as const);
  const context = askContext(config, db, clock, log, metrics, stopping, pressure);
  undo.push(() => context.client.close());
  return { config, url, db, clock, log, metrics, context, backend, queues, intake };
}

function openClock({ pool }: Db, log: Logger): Promise<LedgerClock> {
  return startLedgerClock(pool, {
    wallMs: Date.now,
    monotonicMs: () => performance.now(),
    machine: machineClock(),
    onStep: (byMs) => log.warn({ byMs: Math.round(byMs) }, 'clock.stepped'),
    onError: logSparingly(log, 'warn', 'clock.not_measured'),
  });
}

function openLedger({ roles }: Config, url: string, log: Logger, undo: Undo): Db {
  const db = openDatabase({
    url,
    maxConnections: POOL_SIZE,
    applicationName: `recording-ledger ${roles.join('+')}`,
    onIdleError: (error) => log.warn({ err: error }, 'postgres.connection_lost'),
  });
  undo.push(() => closeDatabase(db));
  return db;
}

/** What is still open after this is left to the end of the process: a server that froze never lets go. */
const STOP_WITHIN_MS = 7_000;

/** What was opened last closes first: listeners and workers, then what they use, then the database. */
async function unwind(undo: Undo, log: Logger): Promise<void> {
  const deadline = performance.now() + STOP_WITHIN_MS;
  for (const step of undo.reverse()) {
    try {
      const ended = await within(deadline - performance.now(), Promise.resolve(step()));
      if (ended === 'late') log.warn('shutdown.step_late');
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
    logSparingly(log, 'warn', 'queue.error'),
  );
}
