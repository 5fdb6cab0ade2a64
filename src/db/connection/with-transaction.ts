import type { PoolClient } from 'pg';
import type { Db } from './database.js';
import { beginningOf } from './own-session.js';

const afterCommits = new WeakMap<PoolClient, (() => void)[]>();
const begun = new WeakMap<PoolClient, number>();

/** For how long the transaction of `withTransaction` has lasted, in milliseconds. */
export function lastedMs(tx: PoolClient): number {
  return performance.now() - (begun.get(tx) ?? performance.now());
}

/** Runs `work` once the transaction of `withTransaction` has been committed; never, if it is not. */
export function afterCommit(tx: PoolClient, work: () => void): void {
  afterCommits.get(tx)?.push(work);
}

/**
 * Runs `work` in one transaction on one connection. A connection that breaks on the way is discarded, not
 * returned to the pool; Postgres has rolled back by then.
 */
export async function withTransaction<T>({ pool }: Pick<Db, 'pool'>, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  const committed: (() => void)[] = [];
  afterCommits.set(tx, committed);
  begun.set(tx, performance.now());
  try {
    await tx.query(beginningOf(tx));
    const result = await work(tx);
    await tx.query('commit');
    afterCommits.delete(tx);
    tx.release();
    for (const tell of committed) tell();
    return result;
  } catch (error) {
    const broken = await tx.query('rollback').then(
      () => false,
      () => true,
    );
    tx.release(broken);
    throw error;
  }
}
