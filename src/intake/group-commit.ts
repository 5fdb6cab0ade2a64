import { setImmediate } from 'node:timers/promises';
import { isStatementRejected } from '../db/connection/postgres-errors.js';

/**
 * Everything that is added while a batch is being stored goes into the next batch. So the size of batches
 * follows the load, and no item waits for a timer.
 *
 * States: *idle* (nothing is being stored, nothing waits), *storing* (Postgres stores one batch, more items
 * may wait). `add` leaves idle; after a batch, what waits is stored next, or the state is idle.
 */
export type GroupCommit<T> = {
  /** Resolves once the item is stored; rejects if it could not be. Resolves with `full` at once. */
  add: (item: T) => Promise<'stored' | 'full'>;
  /** Resolves once nothing is stored or waits any more. */
  drain: () => Promise<void>;
};

export type GroupCommitOptions<T> = {
  /** Stores all of a batch or none of it. */
  store: (batch: readonly T[]) => Promise<void>;
  /** One statement's worth. */
  maxBatch: number;
  /** How many items may wait; beyond this `add` answers `full`, which bounds memory. */
  maxWaiting: number;
};

type Waiter<T> = { item: T; resolve: (result: 'stored') => void; reject: (error: unknown) => void };

export function createGroupCommit<T>(options: GroupCommitOptions<T>): GroupCommit<T> {
  const { store, maxBatch, maxWaiting } = options;
  let queue: Waiter<T>[] = [];
  let running: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      await setImmediate(); // so that all that arrived in this turn of the event loop goes together
      const batch = queue.slice(0, maxBatch);
      queue = queue.slice(maxBatch);
      await storeBatch(batch, store);
    }
    running = null;
  };
  return {
    add: (item) => {
      if (queue.length >= maxWaiting) return Promise.resolve('full');
      return new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        running ??= run();
      });
    },
    drain: async () => {
      while (running !== null) await running;
    },
  };
}

/**
 * A batch that fails is tried once more item by item, so that one item that Postgres refuses does not make
 * the others fail. When Postgres is away all of them fail, the first one quickly.
 */
async function storeBatch<T>(batch: readonly Waiter<T>[], store: GroupCommitOptions<T>['store']): Promise<void> {
  try {
    await store(batch.map(({ item }) => item));
    for (const { resolve } of batch) resolve('stored');
  } catch (error) {
    if (batch.length === 1 || !isStatementRejected(error)) for (const { reject } of batch) reject(error);
    else for (const waiter of batch) await storeBatch([waiter], store);
  }
}
