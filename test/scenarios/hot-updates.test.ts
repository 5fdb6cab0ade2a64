import { jest } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { elapsed } from '../support/run.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(120_000);

const leftovers = clearAfterEach();

/**
 * What part of their updates must leave every index alone. Not among them: `query_schedule`, whose orders are
 * its indexes, and `session_alarms`, of which a time is all there is.
 */
const WANTED: Readonly<Record<string, number>> = {
  sessions: 0.5,
  counters: 0.8,
  query_pace: 0.8,
  query_slots: 0.8,
  query_usage: 0.8,
};

type Updates = { name: string; updates: number; hot: number };

async function readUpdates(url: string): Promise<Updates[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Updates>(
    `select relname as name, n_tup_upd::int as updates, n_tup_hot_upd::int as hot
     from pg_stat_user_tables where schemaname = 'public' and n_tup_upd > 20 order by 2 desc`,
  );
  await client.end();
  return rows;
}

it('updates of the tables that change all the time touch no index, where that can be', async () => {
  const database = await createTestDatabase();
  const world = await openWorld({
    sessions: 80,
    seconds: 30,
    settlingSeconds: 1,
    seed: 7,
    profile: { failoversPerHour: 0 },
    env: { DATABASE_URL: database.url },
  });
  leftovers.push(world.close, database.drop);
  const service = await world.startProcess('receiver,api,jobs');
  await elapsed(world, 25);
  service.kill('SIGTERM'); // what it counted of its updates is told to Postgres as its connections close
  await service.ended;
  const tables = await readUpdates(database.url);
  console.info(tables.map(({ name, updates, hot }) => `${name} ${String(hot)}/${String(updates)}`).join(', '));
  const shares = Object.keys(WANTED).map((name) => {
    const { hot, updates } = tables.find((one) => one.name === name) ?? { hot: 0, updates: 1 };
    return [name, hot / updates] as const;
  });
  expect(shares.filter(([name, share]) => share < (WANTED[name] ?? 1))).toEqual([]);
});
