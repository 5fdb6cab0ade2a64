import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';

/**
 * The first is an arbitrary number that nothing else here uses; the second is the lock that Prisma uses for
 * migrations.
 */
const MIGRATION_LOCKS = [7_205_002, 72_707_369];
const ASK_AGAIN_MS = 50;

/**
 * The connection holds the lock, so it ends with this process, however that ends. The lock is polled for: a
 * statement that waits for it would hold a snapshot, and `create index concurrently` waits for all snapshots.
 */
export async function takeTurn(client: pg.Client): Promise<void> {
  for (const lock of MIGRATION_LOCKS) {
    while (!(await takeLock(client, lock))) await wait(ASK_AGAIN_MS);
  }
}

async function takeLock(client: pg.Client, lock: number): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(`select pg_try_advisory_lock($1) as taken`, [lock]);
  return rows[0]?.taken === true;
}
