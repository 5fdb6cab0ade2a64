import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { waitFor } from './wait-for.js';

export type TestDatabase = {
  url: string;
  /** Fails if a connection is still open: the test has not closed it. */
  drop: () => Promise<void>;
};

/** A database of this test file's own, migrated and empty: a copy of the run's template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = templateUrl();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer((admin) => admin.query(`create database ${name} template ${template.pathname.slice(1)}`));
  const url = new URL(template);
  url.pathname = name;
  return { url: url.href, drop: () => onServer((admin) => dropDatabase(admin, name)) };
}

/** An empty database that nothing has been migrated in. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const name = `empty_${randomUUID().replaceAll('-', '')}`;
  await onServer((admin) => admin.query(`create database ${name}`));
  const url = templateUrl();
  url.pathname = name;
  return { url: url.href, drop: () => onServer((admin) => dropDatabase(admin, name)) };
}

function templateUrl(): URL {
  const url = process.env['LEDGER_TEST_TEMPLATE'];
  if (url === undefined) throw new Error('There is no test Postgres: start the tests with npm test.');
  return new URL(url);
}

async function onServer<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const url = templateUrl();
  url.pathname = 'postgres';
  const admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  const connected = async (): Promise<string[]> => {
    const { rows } = await admin.query<{ who: string }>(
      `select activity.application_name || ': ' || activity.query as who
         from pg_stat_activity as activity where activity.datname = $1
          and activity.backend_type = 'client backend'`,
      [name],
    );
    return rows.map((row) => row.who);
  };
  // A connection that was just closed takes the server a moment to forget.
  const closed = await waitFor(async () => (await connected()).length === 0, {
    deadlineMs: 2000,
  }).then(
    () => true,
    () => false,
  );
  const leaked = closed ? [] : await connected();
  await admin.query(`drop database if exists ${name} with (force)`);
  if (leaked.length > 0) throw new Error(`Connections were left open: ${leaked.join('; ')}`);
}
