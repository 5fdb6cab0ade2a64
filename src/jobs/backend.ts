import { openPostgresBackend } from './postgres-backend.js';
import type { QueueBackend } from './queue-parts.js';
import { openRedisBackend, type RedisQueueSettings } from './redis-backend.js';

/** Where the jobs live: a Redis, or tables of BullMQ's own in our Postgres. */
export type QueueSettings = RedisQueueSettings | { kind: 'postgres'; url: string; maxConnections: number };

export type { JobQueue, JobWorker, QueueBackend, WorkerTuning } from './queue-parts.js';

export function openQueueBackend(settings: QueueSettings, onError: (error: Error) => void): QueueBackend {
  return settings.kind === 'redis' ? openRedisBackend(settings, onError) : openPostgresBackend(settings, onError);
}
