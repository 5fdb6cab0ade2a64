import { setTimeout as pause } from 'node:timers/promises';
import { openQueueBackend, type JobQueue, type JobWorker, type QueueBackend } from '../../src/jobs/backend.js';
import { superviseWorker, type SupervisedWorker } from '../../src/jobs/supervised-worker.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

const TUNING = { concurrency: 1, lockDuration: 2_000, stalledInterval: 1_000, maxStalledCount: 3 };
const LOOK_EVERY_MS = 300;

let database: TestDatabase;
let backend: QueueBackend;
let queue: JobQueue;
/** Every worker that was opened, and those of them that were closed. */
let opened: JobWorker[];
let closed: Set<JobWorker>;
let replaced: number;
let done: string[];
let supervised: SupervisedWorker | null = null;

beforeEach(async () => {
  database = await createTestDatabase();
  backend = openQueueBackend({ kind: 'postgres', url: database.url, maxConnections: 2 }, () => undefined);
  queue = backend.queue('work');
  [opened, closed, replaced, done] = [[], new Set(), 0, []];
  await queue.waitUntilReady();
});
afterEach(async () => {
  await supervised?.close();
  supervised = null;
  await Promise.all(opened.filter((worker) => !closed.has(worker)).map((worker) => worker.close()));
  await queue.close();
  await backend.close();
  await database.drop();
});

type Oddity = { work?: () => Promise<void>; looksAt?: JobQueue; firstIsDeaf?: boolean };

/** The backend, with a record of who was opened and closed. A worker that takes no jobs listens to another queue. */
function watched(firstIsDeaf: boolean): QueueBackend {
  return {
    ...backend,
    worker: (name, work, tuning) => {
      const isDeaf = firstIsDeaf && opened.length === 0;
      const worker = backend.worker(isDeaf ? 'nowhere' : name, work, tuning);
      const close = worker.close.bind(worker);
      worker.close = async (force) => {
        await close(force);
        closed.add(worker);
      };
      opened.push(worker);
      return worker;
    },
  };
}

function supervise({ work, looksAt = queue, firstIsDeaf = false }: Oddity = {}): SupervisedWorker {
  supervised = superviseWorker({
    backend: watched(firstIsDeaf),
    queue: looksAt,
    name: 'work',
    work: async ({ name }) => {
      await work?.();
      done.push(name);
    },
    tuning: TUNING,
    lookEveryMs: LOOK_EVERY_MS,
    onFailed: () => undefined,
    onReplaced: () => (replaced += 1),
  });
  return supervised;
}

describe('a supervised worker', () => {
  it('that takes no more jobs is replaced by one that does what waits, and is closed', async () => {
    const worker = supervise({ firstIsDeaf: true });
    await worker.ready();
    await queue.add('waiting', {});
    await waitFor(() => done.length === 1, { deadlineMs: 10_000, what: 'the job that waited' });
    await worker.close();
    expect(done).toEqual(['waiting']);
    expect(replaced).toBeGreaterThan(0);
    // On a slow machine the next one may have taken too long to begin, and was replaced as well.
    expect([opened.length, closed.size]).toEqual([replaced + 1, replaced + 1]);
  });

  it('that is busy, or has nothing to do, is left alone', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const worker = supervise({ work: () => held });
    await worker.ready();
    await pause(4 * LOOK_EVERY_MS);
    await queue.add('slow', {});
    await queue.add('next', {});
    await pause(6 * LOOK_EVERY_MS);
    expect({ replaced, opened: opened.length }).toEqual({ replaced: 0, opened: 1 });
    release();
    await waitFor(() => done.length === 2, { deadlineMs: 10_000, what: 'both jobs' });
    await worker.close();
  });

  it('that is closed while it connects leaves no connection behind', async () => {
    for (let waitMs = 0; waitMs < 60; waitMs += 3) {
      const worker = backend.worker('work', () => Promise.resolve(), TUNING);
      await pause(waitMs);
      await worker.close(true);
    }
    await backend.close();
  });

  it('is not replaced while it closes: its replacement would never be closed', async () => {
    const answers: (() => void)[] = [];
    const slow = {
      getJobCounts: async () => {
        await new Promise<void>((resolve) => answers.push(resolve));
        return { waiting: 1 };
      },
    } as unknown as JobQueue;
    const worker = supervise({ looksAt: slow });
    await worker.ready();
    await waitFor(() => answers.length === 1, { deadlineMs: 5_000, what: 'the first look' });
    answers[0]?.();
    await waitFor(() => answers.length === 2, { deadlineMs: 5_000, what: 'the second look' });
    const closing = worker.close();
    answers[1]?.();
    await closing;
    expect({ replaced, opened: opened.length }).toEqual({ replaced: 0, opened: 1 });
  });
});
