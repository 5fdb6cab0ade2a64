import { unixMs, type UnixMs } from '../evidence/instant.js';
import type { Queryable } from './database.js';

/**
 * The one clock of all processes: this machine's, corrected by how far it is from the database's.
 * Evidence from several machines is compared by these times, and a verdict may rest on them.
 */
export type LedgerClock = { now: () => UnixMs; stop: () => void };

const SYNC_EVERY_MS = 30_000;

/**
 * Measures the difference now and every half minute. A difference smaller than the measurement's own
 * uncertainty counts as none, so that on one machine the clock is simply that machine's.
 */
export async function startLedgerClock(
  db: Queryable,
  machineNow: () => number,
  onError: (error: unknown) => void,
): Promise<LedgerClock> {
  let offsetMs = await measureOffset(db, machineNow);
  const timer = setInterval(() => {
    measureOffset(db, machineNow).then((measured) => (offsetMs = measured), onError);
  }, SYNC_EVERY_MS);
  timer.unref();
  return {
    now: () => unixMs(machineNow() + offsetMs),
    stop: () => {
      clearInterval(timer);
    },
  };
}

async function measureOffset(db: Queryable, machineNow: () => number): Promise<number> {
  const before = machineNow();
  const { rows } = await db.query<{ ms: number }>(
    `select extract(epoch from clock_timestamp())::float8 * 1000 as ms`,
  );
  const after = machineNow();
  const offset = (rows[0]?.ms ?? before) - (before + after) / 2;
  const uncertainty = Math.max((after - before) / 2, 10);
  return Math.abs(offset) <= uncertainty ? 0 : offset;
}
