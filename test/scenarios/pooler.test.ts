import { jest } from '@jest/globals';
import { inDatabase } from '../support/acknowledged.js';
import { createEmptyDatabase, createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { describeWithPgBouncer, startPgBouncer } from '../support/own-pgbouncer.js';
import { createTestRedis, redisUrl } from '../support/redis.js';
import { elapsed, expectPerfect } from '../support/run.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(150_000);

const leftovers = clearAfterEach();

/** What a session that is somebody else's is blamed for, and what is kept elsewhere because of it. */
const TROUBLE = /42P05|26000|prepared statement|unsupported startup|spool\.|wake_up\.lost|tick\.lost/;

async function countInSessions(url: string, kind: string): Promise<number> {
  const { rows } = await inDatabase(url, (client) =>
    client.query<{ n: number }>(
      `select count(*)::int as n from pg_locks as lock where lock.locktype = 'advisory' and lock.database =
         (select oid from pg_database where datname = current_database()) and lock.mode = $1`,
      [kind],
    ),
  );
  return rows[0]?.n ?? 0;
}

describeWithPgBouncer('a PgBouncer that shares by the transaction', () => {
  const withRedis = redisUrl() === null ? it.skip : it;

  withRedis('before everything, from the first migration on: all is received, folded, asked about and read', async () => {
    const [database, redis] = [await createEmptyDatabase(), await createTestRedis()];
    leftovers.push(redis.drop, database.drop);
    const pooled = await startPgBouncer(database.url);
    const run = { sessions: 12, seconds: 36, settlingSeconds: 22 };
    const world = await openWorld({ ...run, seed: 71, env: { DATABASE_URL: pooled, REDIS_URL: redis.url } });
    leftovers.unshift(world.close);
    const services = [await world.startProcess('receiver,api'), await world.startProcess('jobs')];
    await expectPerfect(world, run.sessions);
    for (const service of services) expect(service.output()).not.toMatch(TROUBLE);
    expect(services[0]?.output()).toMatch(/database\.migrated/);
    expect(await countInSessions(database.url, 'ExclusiveLock')).toBe(0);
  });

  it('with the queue in Postgres, which is reached past it', async () => {
    const database = await createTestDatabase();
    leftovers.push(database.drop);
    const pooled = await startPgBouncer(database.url);
    const run = { sessions: 6, seconds: 36, settlingSeconds: 24 };
    const env = { DATABASE_URL: pooled, DATABASE_DIRECT_URL: database.url };
    const world = await openWorld({ ...run, seed: 72, env });
    leftovers.unshift(world.close);
    const service = await world.startProcess('receiver,api,jobs');
    await elapsed(world, 1);
    await expectPerfect(world, run.sessions);
    expect(service.output()).not.toMatch(TROUBLE);
  });
});
