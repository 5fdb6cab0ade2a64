import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from './connect.js';

/**
 * The first is an arbitrary number that nothing else here uses; the second is the lock that Prisma uses for
 * migrations.
 */
const MIGRATION_LOCKS = [7_205_002, 72_707_369];
const ASK_AGAIN_MS = 50;

/**
 * Does the work while no other process migrates. The locks belong to a transaction of a second connection, so that
 * they hold through a pooler as well, and end with this process, however that ends. If that connection breaks, so
 * does `client`, on which the work is done.
 */
export async function inTurn<T>(connectionString: string, client: pg.Client, work: () => Promise<T>): Promise<T> {
  const holder = await connect(connectionString);
  let isDone = false;
  holder.once('end', () => {
    if (!isDone) void client.end().catch(() => undefined);
  });
  try {
    while (!(await takeLocks(holder))) await wait(ASK_AGAIN_MS);
    return await work();
  } finally {
    isDone = true;
    await holder.end();
  }
}

/**
 * `create index concurrently` waits for the transactions of all snapshots. So the locks are tried for anew, each time
 * in a transaction of its own; and without parameters, for what is asked with some keeps its snapshot while the
 * transaction lasts.
 */
async function takeLocks(holder: pg.Client): Promise<boolean> {
  // Between this and its end it is idle for as long as the work takes.
  await holder.query('begin; set local idle_in_transaction_session_timeout = 0');
  for (const lock of MIGRATION_LOCKS) {
    const { rows } = await holder.query<{ taken: boolean }>(
      `select pg_try_advisory_xact_lock(${String(lock)}) as taken`,
    );
    if (rows[0]?.taken === true) continue;
    await holder.query('rollback');
    return false;
  }
  return true;
}
