import type { UnixMs } from '../evidence/instant.js';
import type { Queryable } from './database.js';

const DAYS_AHEAD = 8;

/**
 * Makes the coming days' partitions of the notices. Run at every start and often after that, it is
 * never late; were it ever, notices go into the default partition and nothing is lost.
 */
export async function ensurePartitions(db: Queryable, nowMs: UnixMs): Promise<void> {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  await db.query(`select create_notice_partitions($1::date, $2)`, [today, DAYS_AHEAD]);
}
