import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/db/migrations/migrate.js';
import { isRefusedForNow } from '../../src/db/connection/refusal.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.js';
import { createTestFolder } from '../support/folder.js';

let database: TestDatabase;
let migrationsDir: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  migrationsDir = await createTestFolder('migrations of tests ');
});

afterEach(async () => {
  await rm(migrationsDir, { recursive: true });
  await database.drop();
});

async function writeMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(migrationsDir, name), { recursive: true });
  await writeFile(join(migrationsDir, name, 'migration.sql'), sql);
}

async function query(sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql).finally(() => client.end());
  return rows;
}

test('applies what is missing in order, and nothing the second time', async () => {
  await writeMigration('2_b', 'alter table a add column m int;');
  await writeMigration('1_a', 'create table a (n int);');
  expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: ['1_a', '2_b'] });
  expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: [] });
  expect(await query('select * from a')).toEqual([]);
});

test('does not wait long for a table that somebody reads, and says so', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  await migrate(database.url, { migrationsDir });
  await writeMigration('2_b', 'alter table a add column m int;');
  const reader = new pg.Client({ connectionString: database.url });
  await reader.connect();
  await reader.query('begin; select * from a');
  const refused: unknown = await migrate(database.url, { migrationsDir }).catch((error: unknown) => error); // prettier-ignore
  await reader.end();
  expect(String(refused)).toMatch(/could not be migrated \(2_b: canceling statement due to lock timeout\)/); // prettier-ignore
  expect(isRefusedForNow(refused)).toBe(true);
  expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: ['2_b'] });
});

test('of three starters at once one migrates, and the others find it done', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  const starters = [1, 2, 3].map(() => migrate(database.url, { migrationsDir }));
  const applied = (await Promise.all(starters)).map((result) => result.applied.length);
  expect(applied.sort()).toEqual([0, 0, 1]);
});

test('takes functions and comments with semicolons as they stand', async () => {
  await writeMigration(
    '1_f',
    `-- first; second
     create function f() returns int language plpgsql as $$ begin return 1; end $$;`,
  );
  await migrate(database.url, { migrationsDir });
  expect(await query('select f()')).toEqual([{ f: 1 }]);
});

test('a failed migration leaves nothing behind and is tried again once it is mended', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  await writeMigration('2_b', 'create table b (n int); select 1 / 0;');
  const failing = migrate(database.url, { migrationsDir });
  await expect(failing).rejects.toThrow(/could not be migrated \(2_b: division by zero\)/);
  expect(await query(`select to_regclass('b') as b`)).toEqual([{ b: null }]);

  await writeMigration('2_b', 'create table b (n int);');
  expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: ['2_b'] });
});

test('refuses a database whose migrations were other ones', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  await migrate(database.url, { migrationsDir });
  await writeMigration('1_a', 'create table a (n bigint);');
  await expect(migrate(database.url, { migrationsDir })).rejects.toThrow(/1_a was changed after/);
});

test('leaves a database alone that a newer release has migrated', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  await writeMigration('2_b', 'create table b (n int);');
  await migrate(database.url, { migrationsDir });
  await rm(join(migrationsDir, '2_b'), { recursive: true });
  expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: [] });
});

test('the tables of this package are there after the first start, and the second applies nothing', async () => {
  const migrated = await createTestDatabase();
  expect(await migrate(migrated.url)).toEqual({ applied: [] });
  await migrated.drop();
});

test('names the place when Postgres cannot be reached', async () => {
  const unreachable = migrate('postgresql://somebody:secret@127.0.0.1:1/nowhere');
  await expect(unreachable).rejects.toThrow(
    'Postgres at 127.0.0.1:1/nowhere does not let us in (connect ECONNREFUSED 127.0.0.1:1): start it, or correct DATABASE_URL.',
  );
});
