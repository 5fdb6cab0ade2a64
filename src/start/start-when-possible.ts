import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.js';
import { isUnavailableForNow } from '../db/connection/postgres-errors.js';
import { logSparingly } from '../observability/log-sparingly.js';
import { serveUntilPostgresAnswers, serveWhileStartIsRefused, type DegradedService } from './degraded-service.js';
import { notReady, type Ops } from './ops.js';
import { rest } from '../timing/rest.js';

const AGAIN_AFTER_MS = 1_000;

export type Started<T> = {
  /** Null if the process was told to stop before it could start. */
  service: T | null;
  degraded: DegradedService | null;
};

/**
 * Starts the service as soon as Postgres allows it. Postgres may be read-only, locked or full at first, and
 * ending the process would not help. Meanwhile the reason is logged, and notifications go to the spool where
 * that is possible.
 */
export async function startWhenPossible<T>(
  config: Config,
  log: Logger,
  ops: Ops,
  stopping: AbortSignal,
  start: (degraded: DegradedService | null) => Promise<T>,
): Promise<Started<T>> {
  let degraded = await serveUntilPostgresAnswers(config, log, ops, stopping);
  const refused = logSparingly(log, 'warn', 'service.start_refused');
  while (!stopping.aborted) {
    try {
      return { service: await start(degraded), degraded };
    } catch (error) {
      if (!(error instanceof Error) || !isUnavailableForNow(error)) throw error;
      refused(error);
      const obstacle = `Postgres refuses what a start needs (${error.message})`;
      degraded ??= await serveWhileStartIsRefused(config, log, ops, obstacle);
      if (degraded === null) ops.tell(notReady(obstacle));
    }
    await rest(AGAIN_AFTER_MS, stopping);
  }
  return { service: null, degraded };
}
