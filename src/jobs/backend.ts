import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { openPostgresBackend } from './postgres-backend.js';
import { JOB_DEFAULTS, withErrorListener, type QueueBackend } from './queue-parts.js';
import { within } from '../timing/within.js';

/** Where the jobs live: a Redis, or tables of BullMQ's own in our Postgres. */
export type QueueSettings =
  { kind: 'redis'; url: string; ledgerId: string } | { kind: 'postgres'; url: string; maxConnections: number };

export type { JobQueue, JobWorker, QueueBackend, WorkerTuning } from './queue-parts.js';

export function openQueueBackend(settings: QueueSettings, onError: (error: Error) => void): QueueBackend {
  return settings.kind === 'redis' ? openRedisBackend(settings, onError) : openPostgresBackend(settings, onError);
}

function openRedisBackend(
  { url, ledgerId }: Extract<QueueSettings, { kind: 'redis' }>,
  onError: (error: Error) => void,
): QueueBackend {
  // In braces, so that all keys of a queue live in one slot of a Redis Cluster.
  const prefix = `{recording-ledger-${ledgerId}}`;
  // A producer fails at once when Redis is away, because the sweep finds the work again; a worker waits.
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
      withErrorListener(new Queue(name, { connection: producer, prefix, defaultJobOptions: JOB_DEFAULTS }), onError),
    worker: (name, work, tuning) =>
      withErrorListener(new Worker(name, work, { connection: consumer, prefix, ...tuning }), onError),
    close: async () => {
      await Promise.all([producer, consumer].map(hangUp));
    },
  };
}

const HANG_UP_WITHIN_MS = 500;

/** A connection to a Redis that is away cannot close in an orderly way and would wait for ever. */
async function hangUp(connection: Redis): Promise<void> {
  if (connection.status === 'ready') await within(HANG_UP_WITHIN_MS, Promise.allSettled([connection.quit()]));
  connection.disconnect();
}

const COMMON = {
  retryStrategy: (attempt: number) => Math.min(attempt * 100, 2_000),
  keepAlive: 10_000,
};
