import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../config/parse-config.js';
import { isRefusedForNow } from '../db/connection/refusal.js';
import { logSparingly } from '../observability/log-sparingly.js';
import { standInForPostgres, standInWhileRefused, type StandIn } from './stand-in.js';

const AGAIN_AFTER_MS = 1_000;

export type Started<T> = {
  /** Null where it was told to stop before it could start. */
  service: T | null;
  standIn: StandIn | null;
};

/**
 * Starts as soon as Postgres lets it, which may be read-only, locked or full when it begins: nobody would
 * mend that by ending. Meanwhile it says why, and takes notifications into the spool where it can.
 */
export async function startPatiently<T>(
  config: Config,
  log: Logger,
  stopping: AbortSignal,
  start: (standIn: StandIn | null) => Promise<T>,
): Promise<Started<T>> {
  let standIn = await standInForPostgres(config, log, stopping);
  const refused = logSparingly(log, 'warn', 'service.start_refused');
  while (!stopping.aborted) {
    try {
      return { service: await start(standIn), standIn };
    } catch (error) {
      if (!(error instanceof Error) || !isRefusedForNow(error)) throw error;
      refused(error);
      standIn ??= await standInWhileRefused(config, log, error.message);
    }
    await wait(AGAIN_AFTER_MS, undefined, { signal: stopping }).catch(() => undefined); // told to stop
  }
  return { service: null, standIn };
}
