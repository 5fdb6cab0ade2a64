import type { Logger } from 'pino';
import { ensurePartitions } from '../db/migrations/partitions.js';
import type { FoldContext } from './fold-context.js';

/** Partitions for the coming days. Neither a start nor other work fails for what is in the way of them. */
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
