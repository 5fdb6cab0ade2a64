import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';

/** The first is any number that nothing else here takes; the second is the one that Prisma takes to migrate. */
const MIGRATION_LOCKS = [7_205_002, 72_707_369];
const ASK_AGAIN_MS = 50;

/**
 * Held by the connection, so it ends with this process, however that ends. Asked for again and again: a
 * statement that waited would hold a snapshot, and `create index concurrently` waits for all of those.
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
