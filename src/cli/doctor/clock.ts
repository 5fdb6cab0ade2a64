import type pg from 'pg';
import { readDatabaseTime } from '../../db/connection/server-facts.js';
import { fine, warning, type Check } from './check.js';

/** A time that another machine told: ours when it came, and how long asking had taken. Agora's are whole seconds. */
export type TimeThere = { host: string; thereMs: number; hereMs: number; tookMs: number };

/** How far the other clock is ahead, and how far that may be off. */
type Difference = { of: string; aheadMs: number; uncertainMs: number };

/** A notification counts as late after ten seconds, and times of several sources stand beside each other. */
const MOST_MS = 2_000;

export async function checkClock(client: pg.Client | null, agora: readonly TimeThere[]): Promise<Check | null> {
  const seconds = agora.map(({ host, thereMs, hereMs, tookMs }) => ({
    of: host,
    aheadMs: thereMs + 500 - (hereMs - tookMs / 2),
    uncertainMs: 500 + tookMs / 2,
  }));
  // One answer of a host tells as much as ten.
  const byHost = [...new Map(seconds.map((difference) => [difference.of, difference])).values()];
  const differences = [...(client === null ? [] : [await differenceOf(client)]), ...byHost];
  return differences.length === 0 ? null : judge(differences);
}

async function differenceOf(client: pg.Client): Promise<Difference> {
  const before = performance.now();
  const thereMs = await readDatabaseTime(client);
  const tookMs = performance.now() - before;
  return { of: 'the database', aheadMs: thereMs - (Date.now() - tookMs / 2), uncertainMs: tookMs / 2 };
}

function judge(differences: readonly Difference[]): Check {
  const found = `compared with this machine, ${differences.map(told).join(', ')}`;
  const apart = differences.filter(({ aheadMs, uncertainMs }) => Math.abs(aheadMs) - uncertainMs > MOST_MS);
  if (apart.length === 0) return fine('clocks', found);
  const advice =
    'synchronise this machine and the database with NTP: the ledger uses the time of the database, beside that of Agora';
  return warning('clocks', found, advice);
}

function told({ of, aheadMs, uncertainMs }: Difference): string {
  const ms = Math.round(aheadMs);
  return `${of} ${ms < 0 ? '' : '+'}${String(ms)} ms (±${String(Math.ceil(uncertainMs))})`;
}
