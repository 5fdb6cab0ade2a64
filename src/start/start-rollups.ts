import { randomUUID } from 'node:crypto';
import { holdLease, leaveLease } from '../db/connection/process-leases.js';
import { noteLimits } from '../db/reporting/query-limits.js';
import { refreshRollups } from '../db/reporting/refresh-rollups.js';
import { logSparingly } from '../observability/log-sparingly.js';
import type { Components } from './components.js';
import { rest } from '../timing/rest.js';

const LEASE = 'daily rollups';
/** If a run takes longer, another process may begin one: it finds the day in work, and goes on to others. */
const LEASE_MS = 60_000;
const SHORTEST_REST_MS = 2_000;
/** Counting takes at most so much of the time, however large a day is that something comes late for again and again. */
const OF_THE_TIME = 1 / 20;

/** One of all processes with the role `jobs` counts the days that are over, and again those of which something came late. */
export function startRollups({ db, log, context }: Components): { close: () => Promise<void> } {
  const holder = randomUUID();
  const closing = new AbortController();
  const failed = logSparingly(log, 'warn', 'rollups.not_counted');
  const accounts = [...context.accounts.values()];
  const countWhereHeld = async (): Promise<void> => {
    if (!(await holdLease(db.pool, LEASE, holder, LEASE_MS))) return;
    const days = await refreshRollups(db, closing.signal);
    if (days > 0) log.debug({ days }, 'rollups.counted');
  };
  const rolling = (async (): Promise<void> => {
    await noteLimits(db.pool, accounts).catch(failed);
    while (!closing.signal.aborted) {
      const begin = performance.now();
      await countWhereHeld().catch(failed);
      const restMs = Math.max(SHORTEST_REST_MS, (performance.now() - begin) / OF_THE_TIME);
      await rest(restMs, closing.signal);
    }
  })();
  return {
    close: async () => {
      closing.abort();
      await rolling;
      await leaveLease(db.pool, LEASE, holder).catch(() => undefined); // it runs out by itself
    },
  };
}
