import type { Logger } from 'pino';
import { ensurePartitions } from '../db/migrations/partitions.js';
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
