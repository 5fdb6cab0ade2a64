import { Queue, Worker } from 'bullmq';
import { JOB_DEFAULTS, withErrorListener, type QueueBackend } from './queue-parts.js';
import { connectToRedis, hangUp, mastersOf, type RedisAccess, type RedisConnection } from './redis-connections.js';
import { readRedisFacts, redisWarnings } from './redis-facts.js';

export type RedisQueueSettings = { kind: 'redis'; redis: RedisAccess; ledgerId: string };

/** A producer fails at once when Redis is away, because the sweep finds the work again. */
const PRODUCER = { isPatient: false, silentMs: 4_000 };
/** A worker waits, and asks for its next job for up to 5 s at a time (BullMQ's `drainDelay`). */
const CONSUMER = { isPatient: true, silentMs: 8_000 };

export function openRedisBackend(
  { redis, ledgerId }: RedisQueueSettings,
  onError: (error: Error) => void,
): QueueBackend {
  // In braces, so that all keys of a queue live in one slot of a Redis Cluster.
  const prefix = `{recording-ledger-${ledgerId}}`;
  const producer = withErrorListener(connectToRedis(redis, PRODUCER), onError);
  const consumer = withErrorListener(connectToRedis(redis, CONSUMER), onError);
  const warnings = watchServers(producer, onError);
  return {
    kind: 'redis',
    warnings,
    queue: (name) =>
      withErrorListener(new Queue(name, { connection: producer, prefix, defaultJobOptions: JOB_DEFAULTS }), onError),
    worker: (name, work, tuning) =>
      withErrorListener(new Worker(name, work, { connection: consumer, prefix, ...tuning }), onError),
    close: async () => {
      await Promise.all([producer, consumer].map(hangUp));
    },
  };
}

/** Looks at each connection what server that is: after a failover it is another one. */
function watchServers(connection: RedisConnection, onError: (error: Error) => void): () => readonly string[] {
  let warnings: readonly string[] = [];
  const look = async (): Promise<void> => {
    const told = await Promise.all(mastersOf(connection).map((master) => master.info()));
    const found = [...new Set(told.flatMap((info) => redisWarnings(readRedisFacts(info))))];
    for (const warning of found) if (!warnings.includes(warning)) onError(new Error(warning));
    warnings = found;
  };
  connection.on('ready', () => void look().catch(onError));
  return () => warnings;
}
