import pg from 'pg';
import { setImmediate as breathe } from 'node:timers/promises';
import { openQueueBackend, type QueueBackend, type QueueSettings } from '../../src/jobs/backend.js';
import { createWakeUp, startTicking } from '../../src/jobs/wake-ups.js';
import { shareWork } from '../../src/jobs/share-work.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { accessTo, createTestRedis, describeWithRedis, type TestRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

type Place = { settings: QueueSettings; drop: () => Promise<void>; disturb: () => Promise<void> };

const TUNING = { concurrency: 1, lockDuration: 2_000, stalledInterval: 1_000, maxStalledCount: 3 };

/** What every backend must do; the two suites below run it on each. */
function conforms(openPlace: () => Promise<Place>): void {
  let place: Place;
  let backend: QueueBackend;
  const opened: { close: () => Promise<void> }[] = [];
  const errors: unknown[] = [];

  beforeEach(async () => {
    place = await openPlace();
    backend = openQueueBackend(place.settings, (error) => errors.push(error));
  });
  afterEach(async () => {
    for (const { close } of opened.splice(0).reverse()) await close();
    await backend.close();
    await place.drop();
    errors.length = 0;
  });

  function open(name: string, work: (name: string, data: unknown) => Promise<void>) {
    const queue = backend.queue(name);
    const worker = backend.worker(name, (job) => work(job.name, job.data), TUNING);
    opened.push({ close: () => queue.close() }, { close: () => worker.close() });
    return { queue, worker };
  }

  it('makes one job of many wake-ups, and one more after it when called while it runs', async () => {
    let [begun, ended, release] = [0, 0, () => undefined as unknown];
    const { queue } = open('wake-up', async () => {
      begun += 1;
      if (begun === 1) await new Promise((resolve) => (release = () => resolve(null)));
      ended += 1;
    });
    const wakeUp = createWakeUp(queue, 'wake-up', 1, (error) => errors.push(error));
    wakeUp();
    await waitFor(() => begun === 1, { deadlineMs: 10_000, what: 'the first job' });
    for (let n = 0; n < 20; n += 1) {
      wakeUp();
      await breathe();
    }
    await waitFor(async () => (await queue.getJobCounts('active'))['active'] === 1, {
      deadlineMs: 5_000,
    });
    release();
    await waitFor(() => ended >= 2, { deadlineMs: 10_000, what: 'the job of the later wake-ups' });
    // A last wake-up may have come after the release, and is a third job then; never twenty.
    expect(begun).toBeLessThanOrEqual(3);
    expect(errors).toEqual([]);
  });

  it('wakes a second worker, and that one a third, while more waits than one takes at once', async () => {
    let [working, most, calls] = [0, 0, 0];
    const work = async (onMore: () => void): Promise<void> => {
      working += 1;
      most = Math.max(most, working);
      for (; most < 3 && calls < 1_000; calls += 1) {
        onMore();
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      working -= 1;
    };
    const queue = backend.queue('shared');
    opened.push({ close: () => queue.close() });
    for (let n = 0; n < 3; n += 1) {
      const shared = shareWork(queue, 'shared', (error) => errors.push(error), work);
      const worker = backend.worker('shared', (job) => shared(job.data), TUNING);
      opened.push({ close: () => worker.close() });
    }
    await queue.add('shared', {});
    await waitFor(() => most === 3, { deadlineMs: 20_000, what: 'three at work' });
    await waitFor(() => working === 0, { deadlineMs: 10_000, what: 'all to end' });
    expect(errors).toEqual([]);
  });

  it('does the most urgent of what waits first', async () => {
    const done: unknown[] = [];
    const queue = backend.queue('urgent');
    opened.push({ close: () => queue.close() });
    await queue.addBulk([6, 1, 3].map((priority) => ({ name: 'query', data: { priority }, opts: { priority } })));
    const worker = backend.worker('urgent', (job) => Promise.resolve(done.push(job.data.priority)), TUNING);
    opened.push({ close: () => worker.close() });
    await waitFor(() => done.length === 3, { deadlineMs: 10_000, what: 'three jobs' });
    expect(done).toEqual([1, 3, 6]);
  });

  it('runs one tick of a time interval, however many processes add it', async () => {
    const ticks: string[] = [];
    const { queue } = open('tick', (name) => {
      ticks.push(name);
      return Promise.resolve();
    });
    const other = backend.queue('tick');
    opened.push({ close: () => other.close() });
    const everyMs = 3_600_000;
    const tickers = [queue, other, queue].map((each) =>
      startTicking(
        each,
        'plan',
        everyMs,
        () => 7 * everyMs,
        (error) => errors.push(error),
      ),
    );
    await waitFor(() => ticks.length === 1, { deadlineMs: 10_000, what: 'a tick' });
    for (const ticker of tickers) ticker.stop();
    expect(errors).toEqual([]);
  });

  it('shows a failing job, and goes on with the next', async () => {
    const failures: Error[] = [];
    const done: string[] = [];
    const { queue, worker } = open('failing', (name) => {
      if (name === 'bad') return Promise.reject(new Error('it broke'));
      done.push(name);
      return Promise.resolve();
    });
    worker.on('failed', (_job, error) => failures.push(error));
    await queue.add('bad', {});
    await queue.add('good', {});
    await waitFor(() => done.length === 1, { deadlineMs: 10_000, what: 'the good job' });
    expect(failures.map(({ message }) => message)).toEqual(['it broke']);
  });

  it('lets the running job finish when its worker is closed', async () => {
    let [begun, ended] = [false, false];
    const { queue, worker } = open('closing', async () => {
      begun = true;
      await waitFor(() => begun && closing, { deadlineMs: 5_000 });
      ended = true;
    });
    let closing = false;
    await queue.add('slow', {});
    await waitFor(() => begun, { deadlineMs: 10_000, what: 'the job to begin' });
    const closed = worker.close();
    closing = true;
    await closed;
    expect(ended).toBe(true);
  });

  it('works again after every connection to it was cut', async () => {
    const done: string[] = [];
    const { queue } = open('cut', (name) => {
      done.push(name);
      return Promise.resolve();
    });
    await queue.add('before', {});
    await waitFor(() => done.includes('before'), { deadlineMs: 10_000, what: 'the job before' });
    await place.disturb();
    const added = async (): Promise<boolean> =>
      queue.add('after', {}, { jobId: 'after' }).then(
        () => true,
        () => false,
      );
    await waitFor(added, { deadlineMs: 10_000, what: 'the queue to take a job again' });
    await waitFor(() => done.includes('after'), { deadlineMs: 20_000, what: 'the job after' });
  });
}

describe('the queue on Postgres', () => {
  conforms(async () => {
    const database: TestDatabase = await createTestDatabase();
    return {
      settings: { kind: 'postgres', url: database.url, maxConnections: 2 },
      drop: database.drop,
      disturb: () => cutConnections(database.url),
    };
  });
});

describeWithRedis('the queue on Redis', () => {
  conforms(async () => {
    const redis: TestRedis = await createTestRedis();
    return {
      settings: { kind: 'redis', redis: accessTo(redis.url), ledgerId: 'test' },
      drop: redis.drop,
      disturb: () => killClients(redis.url),
    };
  });
});

async function cutConnections(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await client.end();
}

async function killClients(url: string): Promise<void> {
  const { Redis } = await import('ioredis');
  const client = new Redis(url);
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await client.quit();
}
