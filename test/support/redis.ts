import { Redis } from 'ioredis';
import type { RedisAccess } from '../../src/jobs/redis-connections.js';

export type TestRedis = { url: string; drop: () => Promise<void> };

/** Of the run's Redis, or null where there is none. */
export function redisUrl(): string | null {
  return process.env['LEDGER_TEST_REDIS'] || null;
}

/** Without Redis these suites do not run; the run has said so in its first line. */
export const describeWithRedis = redisUrl() === null ? describe.skip : describe;

/** A numbered database of this test file's own, empty. For suites of `describeWithRedis`. */
export async function createTestRedis(): Promise<TestRedis> {
  const url = redisUrl();
  if (url === null) throw new Error('There is no Redis here: put the test into describeWithRedis.');
  const counter = new Redis(url);
  const taken = await counter.incr('recording-ledger-tests:databases');
  const [, databases] = (await counter.config('GET', 'databases')) as [string, string];
  await counter.quit();
  const own = new URL(url);
  own.pathname = String(1 + (taken % (Number(databases) - 1)));
  await empty(own.href);
  return { url: own.href, drop: () => empty(own.href) };
}

async function empty(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushdb();
  await client.quit();
}

/** A Redis of its own at that address, without TLS. */
export function accessTo(url: string): RedisAccess {
  return { place: { kind: 'single', url }, username: null, password: null, tls: null };
}
