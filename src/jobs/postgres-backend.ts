import { setTimeout as wait } from 'node:timers/promises';
import {
  assertSchemaCompatibility,
  createPostgresBackend,
  LATEST_SCHEMA_VERSION,
  Queue,
  runMigrations,
  SchemaMigrationRequiredError,
  Worker,
  type PostgresConnection,
  type Processor,
} from 'bullmq';
import { ResilientClient } from '../db/connection/resilient-client.js';
import { keepOpening, type Opening } from './keep-opening.js';
import { JOB_DEFAULTS, withErrorListener, type JobQueue, type JobWorker, type QueueBackend } from './queue-parts.js';
import type { WorkerTuning } from './queue-parts.js';

type QueueDatabase = { url: string; maxConnections: number };
type OnError = (error: Error) => void;

const CONNECT_MS = 5_000;
const REST_MS = 1_000;

/**
 * Jobs in BullMQ's own tables in our Postgres. Postgres may refuse a connection, or creating the tables, for
 * any time. Until it accepts both there are no jobs, each refusal is reported, and adding a job fails with
 * the reason.
 */
export function openPostgresBackend(database: QueueDatabase, onError: OnError): QueueBackend {
  const prepare = onceItWorks(() => ensureQueueTables(database.url));
  return {
    kind: 'postgres',
    warnings: () => [],
    queue: (name) => toQueue(keepOpening(prepare, () => openQueue(database, name, onError), onError)),
    worker: (name, work, tuning) => {
      const listeners: Listener[] = [];
      const open = () => openWorker(database, name, work, tuning, listeners, onError);
      return toWorker(keepOpening(prepare, open, onError), listeners);
    },
    close: () => Promise.resolve(),
  };
}

function openQueue(database: QueueDatabase, name: string, onError: OnError): JobQueue {
  const options = { connection: connectionTo(database), defaultJobOptions: JOB_DEFAULTS };
  return withErrorListener(new Queue(name, options, createUnhurriedBackend), onError);
}

type Listener = Parameters<JobWorker['on']>[1];
type StartedWorker = Pick<JobWorker, 'waitUntilReady' | 'close'>;

/** It begins to take jobs once it is connected: before that it would poll without a pause. */
function openWorker(
  database: QueueDatabase,
  name: string,
  work: Processor,
  tuning: WorkerTuning,
  listeners: readonly Listener[],
  onError: OnError,
): StartedWorker {
  const options = { connection: connectionTo(database), autorun: false, ...tuning };
  const worker = withErrorListener(new Worker(name, work, options, createUnhurriedBackend), onError);
  worker.on('failed', (job, error) => {
    for (const listener of listeners) listener(job, error);
  });
  return {
    waitUntilReady: async () => {
      await worker.waitUntilReady();
      worker.run().catch(onError);
    },
    close: (force) => worker.close(force),
  };
}

function connectionTo({ url, maxConnections }: QueueDatabase) {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    max: maxConnections,
    Client: ResilientClient,
  };
}

/** A worker whose request for a job fails asks again at once, and would do nothing else. */
const createUnhurriedBackend: typeof createPostgresBackend = (...args) => {
  const backend = createPostgresBackend(...args);
  const moveToActive = backend.moveToActive.bind(backend);
  const rest = async (error: unknown): Promise<never> => {
    await wait(REST_MS, undefined, { ref: false });
    throw error;
  };
  backend.moveToActive = (...given) => moveToActive(...given).catch(rest);
  keepClosed(backend.connection);
  return backend;
};

/**
 * BullMQ names the connection that listens once the pool is ready. If it was told to close meanwhile, it would open
 * that connection afterwards, and nobody would close it.
 */
function keepClosed(connection: PostgresConnection): void {
  const open = connection.getListenClient.bind(connection);
  connection.getListenClient = () =>
    connection.isClosing === undefined ? open() : Promise.reject(new Error('The queue is closed.'));
}

function toQueue({ opened, close }: Opening<JobQueue>): JobQueue {
  return {
    add: async (...args) => (await opened()).add(...args),
    addBulk: async (...args) => (await opened()).addBulk(...args),
    getJobCounts: async (...args) => (await opened()).getJobCounts(...args),
    waitUntilReady: async () => (await opened()).waitUntilReady(),
    close: () => close(),
  };
}

function toWorker({ opened, close }: Opening<StartedWorker>, listeners: Listener[]): JobWorker {
  return { waitUntilReady: opened, close, on: (_event, listener) => listeners.push(listener) };
}

/**
 * Checks before it creates anything: creating what exists already waits for all readers, such as a backup,
 * and needs a right that checking does not.
 */
export async function ensureQueueTables(url: string): Promise<void> {
  const client = new ResilientClient({
    connectionString: url,
    application_name: 'recording-ledger queue',
    connectionTimeoutMillis: CONNECT_MS,
  });
  try {
    await client.connect();
    if ((await versionOfTables(client)) < LATEST_SCHEMA_VERSION) await runMigrations(client);
  } finally {
    await client.end().catch(() => undefined); // the connection was never made
  }
}

async function versionOfTables(client: ResilientClient): Promise<number> {
  try {
    return await assertSchemaCompatibility(client);
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return 0;
    throw error;
  }
}

/** All callers share one run; after a failed run the next caller starts another. */
function onceItWorks(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= work().catch((error: unknown) => {
      running = null;
      throw error;
    });
    return running;
  };
}
