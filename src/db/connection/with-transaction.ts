import type { PoolClient } from 'pg';
import type { Db } from './database.js';

/**
 * Runs `work` in one transaction on one connection. A connection that breaks on the way is discarded, not
 * returned to the pool; Postgres has rolled back by then.
 */
export async function withTransaction<T>({ pool }: Pick<Db, 'pool'>, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  try {
    await tx.query('begin');
    const result = await work(tx);
    await tx.query('commit');
    tx.release();
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
