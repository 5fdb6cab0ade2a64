import type { Logger } from 'pino';
import { dropNoticesBefore, type Dropped } from '../db/evidence/retention.js';
import { ensurePartitions } from '../db/migrations/partitions.js';
import { DAY_MS, plusMs } from '../evidence/instant.js';
import type { FoldContext } from './fold-context.js';

/**
 * Makes partitions for the coming days. A failure is only logged, so that neither a start nor other work
 * fails because of it.
 */
export async function makePartitions({
  db,
  now,
  log,
}: Pick<FoldContext, 'db' | 'now'> & { log: Logger }): Promise<void> {
  try {
    const outcome = await ensurePartitions(db.pool, now());
    if (outcome === 'locked') log.info('partitions.locked');
  } catch (error) {
    log.error({ err: error }, 'partitions.not_made');
  }
}

/** Drops the raw notices of sessions at rest that are older than `retentionDays`; 0 keeps everything. */
export async function applyRetention(
  { db, now }: Pick<FoldContext, 'db' | 'now'>,
  retentionDays: number,
  onDropped: (dropped: Dropped) => void,
): Promise<void> {
  if (retentionDays === 0) return;
  const dropped = await dropNoticesBefore(db, plusMs(now(), -retentionDays * DAY_MS), now());
  if (dropped.notices > 0 || dropped.days > 0) onDropped(dropped);
}
