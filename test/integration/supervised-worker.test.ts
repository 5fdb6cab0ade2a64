import { setTimeout as pause } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import {
  openQueueBackend,
  type JobQueue,
  type JobWorker,
  type QueueBackend,
} from '../../src/jobs/backend.js';
import { superviseWorker, type SupervisedWorker } from '../../src/jobs/supervised-worker.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

const TUNING = { concurrency: 1, lockDuration: 2_000, stalledInterval: 1_000, maxStalledCount: 3 };
const LOOK_EVERY_MS = 100;

let database: TestDatabase;
let backend: QueueBackend;
let queue: JobQueue;
/** Every worker that was opened, and those of them that were closed. */
let opened: JobWorker[];
let closed: Set<JobWorker>;
let replaced: number;
let done: string[];

beforeEach(async () => {
  database = await createTestDatabase();
  backend = openQueueBackend(
    { kind: 'postgres', url: database.url, maxConnections: 2 },
    () => undefined,
  );
  queue = backend.queue('work');
  [opened, closed, replaced, done] = [[], new Set(), 0, []];
  await queue.waitUntilReady();
});
afterEach(async () => {
  await Promise.all(opened.filter((worker) => !closed.has(worker)).map((worker) => worker.close()));
  await queue.close();
  await backend.close();
  await database.drop();
});

/** The backend, with a record of who was opened and closed. */
function watched(): QueueBackend {
  return {
    ...backend,
    worker: (...args) => {
      const worker = backend.worker(...args);
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

function supervise(
  work: () => Promise<void> = () => Promise.resolve(),
  looksAt: JobQueue = queue,
): SupervisedWorker {
  return superviseWorker({
    backend: watched(),
    queue: looksAt,
    name: 'work',
    work: async ({ name }) => {
      await work();
      done.push(name);
    },
    tuning: TUNING,
    lookEveryMs: LOOK_EVERY_MS,
    onFailed: () => undefined,
    onReplaced: () => (replaced += 1),
  });
}

/** As one whose connection broke at an unlucky moment: it is there, and takes no job. */
async function makeDeaf(worker: JobWorker | undefined): Promise<void> {
  await (worker as Worker).pause(true);
}

describe('a supervised worker', () => {
  it('that takes no more jobs is replaced by one that does what waits, and is closed', async () => {
    const supervised = supervise();
    await supervised.ready();
    await makeDeaf(opened[0]);
    await queue.add('waiting', {});
    await waitFor(() => done.length === 1, { deadlineMs: 10_000, what: 'the job that waited' });
    expect({ done, replaced, opened: opened.length }).toEqual({ done: ['waiting'], replaced: 1, opened: 2 }); // prettier-ignore
    await supervised.close();
    expect(closed.size).toBe(2);
  });

  it('that is busy, or has nothing to do, is left alone', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const supervised = supervise(() => held);
    await supervised.ready();
    await pause(4 * LOOK_EVERY_MS);
    await queue.add('slow', {});
    await queue.add('next', {});
    await pause(6 * LOOK_EVERY_MS);
    expect({ replaced, opened: opened.length }).toEqual({ replaced: 0, opened: 1 });
    release();
    await waitFor(() => done.length === 2, { deadlineMs: 10_000, what: 'both jobs' });
    await supervised.close();
  });

  it('is not replaced while it closes: the one in its place would be closed by nobody', async () => {
    const answers: (() => void)[] = [];
    const slow = {
      getJobCounts: async () => {
        await new Promise<void>((resolve) => answers.push(resolve));
        return { waiting: 1 };
      },
    } as unknown as JobQueue;
    const supervised = supervise(undefined, slow);
    await supervised.ready();
    await waitFor(() => answers.length === 1, { deadlineMs: 5_000, what: 'the first look' });
    answers[0]?.();
    await waitFor(() => answers.length === 2, { deadlineMs: 5_000, what: 'the second look' });
    const closing = supervised.close();
    answers[1]?.();
    await closing;
    expect({ replaced, opened: opened.length }).toEqual({ replaced: 0, opened: 1 });
  });

  it('looks at one thing at a time, however long the queue takes to answer', async () => {
    let [asking, most] = [0, 0];
    const slow = {
      getJobCounts: async () => {
        asking += 1;
        most = Math.max(most, asking);
        await pause(4 * LOOK_EVERY_MS);
        asking -= 1;
        return { waiting: 0 };
      },
    } as unknown as JobQueue;
    const supervised = supervise(undefined, slow);
    await pause(10 * LOOK_EVERY_MS);
    await supervised.close();
    expect(most).toBe(1);
  });
});
