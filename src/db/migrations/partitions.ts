import type pg from 'pg';
import { DAY_MS, plusMs, type UnixMs, utcDay } from '../../evidence/instant.js';
import { isLockTimeout } from '../connection/postgres-errors.js';
import { withTransaction } from '../connection/with-transaction.js';

const DAYS_AHEAD = 8;
/**
 * Making a partition locks the whole table against reading, and a statement that waits for that lock blocks
 * all others.
 */
const LOCK_WITHIN = '250ms';

/**
 * Makes the missing partitions for the coming days' notices. If another transaction reads the notices, such
 * as a backup, it returns `locked` and does not wait: there are days left to try again. If a partition is
 * ever missing, notices go into the default partition and nothing is lost.
 */
export async function ensurePartitions(pool: pg.Pool, nowMs: UnixMs): Promise<'made' | 'locked'> {
  try {
    for (const day of await missingDays(pool, nowMs)) await makePartition(pool, day);
    return 'made';
  } catch (error) {
    if (isLockTimeout(error)) return 'locked';
    throw error;
  }
}

/** Of the coming days, today first, how many have a partition before the first one that has none. */
export async function countDaysAhead(pool: pg.Pool, nowMs: UnixMs): Promise<number> {
  const [missing] = await missingDays(pool, nowMs);
  return missing === undefined ? DAYS_AHEAD : comingDays(nowMs).indexOf(missing);
}

/** Checked without a lock. */
async function missingDays(pool: pg.Pool, nowMs: UnixMs): Promise<string[]> {
  const { rows } = await pool.query<{ day: string }>(
    `select coming.day from unnest($1::text[]) with ordinality as coming (day, n)
     where not exists (
       select from pg_inherits join pg_class as part on part.oid = pg_inherits.inhrelid
       where pg_inherits.inhparent = 'public.notices'::regclass
         and part.relname = 'notices_' || replace(coming.day, '-', '')
     ) order by coming.n`,
    [comingDays(nowMs)],
  );
  return rows.map(({ day }) => day);
}

function comingDays(nowMs: UnixMs): string[] {
  return Array.from({ length: DAYS_AHEAD }, (_, n) => utcDay(plusMs(nowMs, n * DAY_MS)));
}

async function makePartition(pool: pg.Pool, day: string): Promise<void> {
  await withTransaction({ pool }, async (tx) => {
    await tx.query(`set local lock_timeout = '${LOCK_WITHIN}'`);
    await tx.query(`select create_notice_partitions($1::date, 1)`, [day]);
  });
}
