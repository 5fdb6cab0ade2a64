import { createGroupCommit } from '../../../src/intake/group-commit.js';

type Store = { batch: readonly number[]; finish: (error?: Error) => void };

function opened(options: { maxBatch?: number; maxWaiting?: number } = {}) {
  const stores: Store[] = [];
  const commit = createGroupCommit<number>({
    maxBatch: options.maxBatch ?? 100,
    maxWaiting: options.maxWaiting ?? 1_000,
    store: (batch) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Error): void => {
          if (error === undefined) resolve();
          else reject(error);
        };
        stores.push({ batch, finish });
      }),
  });
  return { commit, stores };
}

/** Until a batch that can be stored is being stored: it begins with the next turn of the event loop. */
async function turn(): Promise<void> {
  for (let n = 0; n < 2; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

it('stores the first at once, and all that came meanwhile together', async () => {
  const { commit, stores } = opened();
  const added = [1, 2, 3].map((item) => commit.add(item));
  await turn();
  expect(stores.map(({ batch }) => batch)).toEqual([[1, 2, 3]]);
  const later = [4, 5].map((item) => commit.add(item));
  await turn();
  expect(stores).toHaveLength(1);
  stores[0]?.finish();
  expect(await Promise.all(added)).toEqual(['stored', 'stored', 'stored']);
  await turn();
  expect(stores[1]?.batch).toEqual([4, 5]);
  stores[1]?.finish();
  expect(await Promise.all(later)).toEqual(['stored', 'stored']);
});

it('says stored only when it is', async () => {
  const { commit, stores } = opened();
  let told = false;
  void commit.add(1).then(() => (told = true));
  await turn();
  expect(told).toBe(false);
  stores[0]?.finish();
  await turn();
  expect(told).toBe(true);
});

it('never stores more at once than one statement holds', async () => {
  const { commit, stores } = opened({ maxBatch: 2 });
  const added = [1, 2, 3, 4, 5].map((item) => commit.add(item));
  for (let n = 0; n < 3; n += 1) {
    await turn();
    stores[n]?.finish();
  }
  await Promise.all(added);
  expect(stores.map(({ batch }) => batch)).toEqual([[1, 2], [3, 4], [5]]);
});

it('is full beyond its limit, says so at once, and takes more when there is room', async () => {
  const { commit, stores } = opened({ maxBatch: 1, maxWaiting: 2 });
  const first = commit.add(0);
  await turn();
  const waiting = [commit.add(1), commit.add(2)];
  expect(await commit.add(3)).toBe('full');
  stores[0]?.finish();
  await first;
  await turn();
  const more = commit.add(4);
  expect(await commit.add(5)).toBe('full'); // so exactly one was waiting before
  for (const n of [1, 2, 3]) {
    stores[n]?.finish();
    await turn();
  }
  expect(await Promise.all([...waiting, more])).toEqual(['stored', 'stored', 'stored']);
});

it('an item that Postgres refuses fails alone', async () => {
  const commit = createGroupCommit<number>({
    maxBatch: 10,
    maxWaiting: 10,
    store: (batch) =>
      batch.includes(2) ? Promise.reject(Object.assign(new Error('invalid'), { code: '22021' })) : Promise.resolve(),
  });
  const results = await Promise.allSettled([1, 2, 3].map((item) => commit.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('when Postgres is away all of a batch fail at once, and the next is tried', async () => {
  const { commit, stores } = opened();
  const added = [1, 2].map((item) => commit.add(item));
  await turn();
  const failed = Promise.allSettled(added);
  stores[0]?.finish(new Error('connection terminated'));
  expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(stores).toHaveLength(1);
  const next = commit.add(3);
  await turn();
  stores[1]?.finish();
  expect(await next).toBe('stored');
});

it('drains: resolves once nothing is stored or waits any more', async () => {
  const { commit, stores } = opened({ maxBatch: 1 });
  const added = [commit.add(1), commit.add(2)];
  let drained = false;
  const draining = commit.drain().then(() => (drained = true));
  await turn();
  stores[0]?.finish();
  await turn();
  expect(drained).toBe(false);
  stores[1]?.finish();
  await Promise.all([...added, draining]);
  expect(drained).toBe(true);
});
