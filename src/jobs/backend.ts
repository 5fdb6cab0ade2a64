import { createPostgresBackend, Queue, Worker, type Processor, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { SturdyClient } from '../db/sturdy-client.js';
import { within } from './within.js';

/** Where the jobs live: a Redis, or tables of BullMQ's own in our Postgres. */
export type QueueSettings =
  | { kind: 'redis'; url: string; ledgerId: string }
  | { kind: 'postgres'; url: string; maxConnections: number };

/** Makes queues and workers that are the same to everybody else, whatever they stand on. */
export type QueueBackend = {
  kind: QueueSettings['kind'];
  queue: (name: string) => JobQueue;
  worker: (name: string, work: Processor, tuning: WorkerTuning) => JobWorker;
  close: () => Promise<void>;
};

export type JobQueue = Pick<Queue, 'add' | 'addBulk' | 'getJobCounts' | 'waitUntilReady' | 'close'>; // prettier-ignore
export type JobWorker = {
  waitUntilReady: () => Promise<unknown>;
  close: (force?: boolean) => Promise<void>;
  on: (event: 'failed', listener: (job: unknown, error: Error) => void) => unknown;
};

export type WorkerTuning = Pick<
  WorkerOptions,
  'concurrency' | 'lockDuration' | 'stalledInterval' | 'maxStalledCount'
>;

export function openQueueBackend(
  settings: QueueSettings,
  onError: (error: Error) => void,
): QueueBackend {
  return settings.kind === 'redis'
    ? openRedisBackend(settings, onError)
    : openPostgresBackend(settings, onError);
}

/** Everything a queue leaves behind goes with the job: Postgres is the record of what was done. */
const JOB_DEFAULTS = { removeOnComplete: true, removeOnFail: { count: 100 }, attempts: 1 };

function openRedisBackend(
  { url, ledgerId }: Extract<QueueSettings, { kind: 'redis' }>,
  onError: (error: Error) => void,
): QueueBackend {
  // In braces, so that all keys of a queue live in one slot of a Redis Cluster.
  const prefix = `{recording-ledger-${ledgerId}}`;
  // A producer fails at once when Redis is away, for the sweep finds the work again; a worker waits.
  const producer = new Redis(url, {
    ...COMMON,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
  });
  const consumer = new Redis(url, { ...COMMON, maxRetriesPerRequest: null });
  producer.on('error', onError);
  consumer.on('error', onError);
  return {
    kind: 'redis',
    queue: (name) =>
      listened(
        new Queue(name, { connection: producer, prefix, defaultJobOptions: JOB_DEFAULTS }),
        onError,
      ),
    worker: (name, work, tuning) =>
      listened(new Worker(name, work, { connection: consumer, prefix, ...tuning }), onError),
    close: async () => {
      await Promise.all([producer, consumer].map(hangUp));
    },
  };
}

const HANG_UP_WITHIN_MS = 500;

/** A Redis that is away hears no goodbye, and a connection that waits for it goes on doing so. */
async function hangUp(connection: Redis): Promise<void> {
  if (connection.status === 'ready') await within(HANG_UP_WITHIN_MS, Promise.allSettled([connection.quit()])); // prettier-ignore
  connection.disconnect();
}

const COMMON = {
  retryStrategy: (attempt: number) => Math.min(attempt * 100, 2_000),
  keepAlive: 10_000,
};

function openPostgresBackend(
  { url, maxConnections }: Extract<QueueSettings, { kind: 'postgres' }>,
  onError: (error: Error) => void,
): QueueBackend {
  const connection = {
    connectionString: url,
    max: maxConnections,
    migrate: true,
    Client: SturdyClient,
  };
  return {
    kind: 'postgres',
    queue: (name) =>
      listened(
        new Queue(name, { connection, defaultJobOptions: JOB_DEFAULTS }, createPostgresBackend),
        onError,
      ),
    worker: (name, work, tuning) =>
      listened(new Worker(name, work, { connection, ...tuning }, createPostgresBackend), onError),
    close: () => Promise.resolve(),
  };
}

/** An emitter without a listener for errors would end the process at the first hiccup. */
function listened<T extends { on: (event: 'error', listener: (error: Error) => void) => unknown }>(
  emitter: T,
  onError: (error: Error) => void,
): T {
  emitter.on('error', onError);
  return emitter;
}
