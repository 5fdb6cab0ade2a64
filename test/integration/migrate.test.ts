import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/db/migrations/migrate.js';
import { prismaFolder, readMigrations } from '../../src/db/migrations/migrations-folder.js';
import { NO_FILTER, toMigrationList, withPrismaSchemaEngine } from '../../src/db/migrations/prisma-schema-engine.js';
import { isUnavailableForNow } from '../../src/db/connection/postgres-errors.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.js';
import { createTestFolder } from '../support/folder.js';
import { endProcesses, startNode } from '../support/processes.js';

let database: TestDatabase;
let migrationsDir: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  migrationsDir = await createTestFolder('migrations of tests ');
});

afterEach(async () => {
  await endProcesses();
  await rm(migrationsDir, { recursive: true });
  await database.drop();
});

async function writeMigration(name: string, sql: string): Promise<void> {
  await mkdir(join(migrationsDir, name), { recursive: true });
  await writeFile(join(migrationsDir, name, 'migration.sql'), sql);
}

const TABLE_OF_PRISMA = `
  select columns.column_name, columns.data_type, columns.character_maximum_length, columns.is_nullable, columns.column_default
  from information_schema.columns where columns.table_name = '_prisma_migrations' order by columns.ordinal_position`;

const ROWS_OF_PRISMA = `
  select migration_name, checksum, logs, applied_steps_count, length(id) as id, finished_at >= started_at as done, rolled_back_at
  from _prisma_migrations order by migration_name`;

function readRows(name: string): Promise<unknown[]> {
  return query(
    `select finished_at is not null as done, rolled_back_at is not null as undone, applied_steps_count as steps, logs
     from _prisma_migrations where migration_name = '${name}' order by finished_at nulls first`,
  );
}

async function query(sql: string, url = database.url): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
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

test('does not wait long for a table that another transaction reads, and says so', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  await migrate(database.url, { migrationsDir });
  await writeMigration('2_b', 'alter table a add column m int;');
  const reader = new pg.Client({ connectionString: database.url });
  await reader.connect();
  await reader.query('begin; select * from a');
  const refused: unknown = await migrate(database.url, { migrationsDir }).catch((error: unknown) => error);
  await reader.end();
  expect(String(refused)).toMatch(/could not be migrated \(2_b: canceling statement due to lock timeout\)/);
  expect(isUnavailableForNow(refused)).toBe(true);
  expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: ['2_b'] });
});

test('a migration that was killed half-way is tried again, and so is one that broke off with its connection', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  await migrate(database.url, { migrationsDir });
  await query(`insert into _prisma_migrations (id, checksum, migration_name) values ('killed', '-', '2_b')`);
  await writeMigration('2_b', 'create table b (n int); select pg_terminate_backend(pg_backend_pid());');
  await expect(migrate(database.url, { migrationsDir })).rejects.toThrow(/could not be migrated \(2_b: /);
  await writeMigration('2_b', 'create table b (n int);');
  expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: ['2_b'] });
  expect(await readRows('2_b')).toEqual([
    { done: false, undone: true, steps: 0, logs: null },
    { done: false, undone: true, steps: 0, logs: null },
    { done: true, undone: false, steps: 1, logs: null },
  ]);
});

test('an index is made without a transaction where the migration says so, also while others wait for their turn', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  await writeMigration('2_b', '-- without transaction: a is large\ncreate index concurrently b on a (n);');
  const starters = [1, 2, 3].map(() => migrate(database.url, { migrationsDir }));
  const applied = (await Promise.all(starters)).map((result) => result.applied.length);
  expect(applied.sort()).toEqual([0, 0, 2]);
  expect(await query(`select indisvalid from pg_index where indexrelid = 'b'::regclass`)).toEqual([
    { indisvalid: true },
  ]);
});

test('a migration without a transaction that failed is left to a person, who is told what to do', async () => {
  await writeMigration('1_a', 'create table a (n int); insert into a values (1), (1);');
  await writeMigration('2_b', '-- without transaction: a is large\ncreate unique index concurrently b on a (n);');
  const start = (): Promise<unknown> => migrate(database.url, { migrationsDir });
  await expect(start()).rejects.toThrow(/2_b: could not create unique index "b"\): .* a part of it may remain/);
  await expect(start()).rejects.toThrow(/2_b: an earlier start did not finish it\): .* undo that by hand/);
  await query(`delete from a`);
  await query(`drop index b`);
  const told: unknown = await start().catch((error: unknown) => error);
  await query(/"(update [^"]+)"/.exec(String(told))?.[1] ?? 'it said no statement');
  expect(await start()).toEqual({ applied: ['2_b'] });
});

test("Prisma's own engine finds its table as it makes it itself, and nothing left to do", async () => {
  const byPrisma = await createEmptyDatabase();
  await writeMigration('1_a', 'create table a (n int);');
  await writeMigration('2_b', 'create table b (n int);');
  await migrate(database.url, { migrationsDir });
  const migrationsList = toMigrationList(migrationsDir, await readMigrations(migrationsDir));
  const apply = (url: string): Promise<string[]> =>
    withPrismaSchemaEngine(url, async (engine) => {
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: NO_FILTER });
      return appliedMigrationNames;
    });
  expect(await apply(byPrisma.url)).toEqual(['1_a', '2_b']);
  expect(await apply(database.url)).toEqual([]);
  expect(await query(TABLE_OF_PRISMA)).toEqual(await query(TABLE_OF_PRISMA, byPrisma.url));
  expect(await query(ROWS_OF_PRISMA)).toEqual(await query(ROWS_OF_PRISMA, byPrisma.url));
  expect(await migrate(byPrisma.url, { migrationsDir })).toEqual({ applied: [] });
  const diagnosis = await withPrismaSchemaEngine(database.url, (engine) =>
    engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters: NO_FILTER }),
  );
  await byPrisma.drop();
  expect(diagnosis).toMatchObject({
    hasMigrationsTable: true,
    history: null,
    failedMigrationNames: [],
    editedMigrationNames: [],
  });
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

test('a failed migration leaves nothing behind and is tried again once it is corrected', async () => {
  await writeMigration('1_a', 'create table a (n int);');
  await writeMigration('2_b', 'create table b (n int); select 1 / 0;');
  const failing = migrate(database.url, { migrationsDir });
  await expect(failing).rejects.toThrow(/could not be migrated \(2_b: division by zero\)/);
  expect(await query(`select to_regclass('b') as b`)).toEqual([{ b: null }]);
  expect(await readRows('2_b')).toEqual([{ done: false, undone: true, steps: 0, logs: 'division by zero' }]);

  await writeMigration('2_b', 'create table b (n int);');
  expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: ['2_b'] });
});

test('refuses a database of another application, and leaves it as it is', async () => {
  await query('create table theirs (n int)');
  await writeMigration('1_a', 'create table a (n int);');
  const refused = migrate(database.url, { migrationsDir });
  await expect(refused).rejects.toThrow(/it holds tables of another application: theirs\): .* a database of its own/);
  expect(await query(`select count(*)::int as n from pg_class where relnamespace = 'public'::regnamespace`)).toEqual([
    { n: 1 },
  ]);
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

test('names the address when Postgres cannot be reached', async () => {
  const unreachable = migrate('postgresql://somebody:secret@127.0.0.1:1/nowhere');
  await expect(unreachable).rejects.toThrow(
    'Postgres at 127.0.0.1:1/nowhere does not let us in (connect ECONNREFUSED 127.0.0.1:1): start it, or correct DATABASE_URL.',
  );
});

describe('a release that finds the database of a newer one', () => {
  /** This package's migrations, and after them one of a release to come. */
  async function migrateAhead(sql: string): Promise<void> {
    await cp(join(prismaFolder(), 'migrations'), migrationsDir, { recursive: true });
    await writeMigration(COMING, sql);
    expect((await migrate(database.url, { migrationsDir })).applied.at(-1)).toBe(COMING);
  }
  const COMING = '29990101000000_coming';
  const BREAKING = `insert into breaking_migrations (migration_name, reason) values ('${COMING}', 'facts are kept elsewhere'); alter table sessions rename column facts to moved;`;

  it('works with it where nothing was broken', async () => {
    await migrateAhead('alter table sessions add column later int;');
    expect(await migrate(database.url)).toEqual({ applied: [] });
  });

  it('refuses it where a migration says that it breaks the releases before it, and why', async () => {
    await migrateAhead(BREAKING);
    await expect(migrate(database.url)).rejects.toThrow(
      /A newer release has migrated this database .*: 29990101000000_coming \(facts are kept elsewhere\)\. Start the newer release/,
    );
  });

  it('goes on with it where that migration did not succeed', async () => {
    await expect(migrateAhead(`${BREAKING} select 1 / 0;`)).rejects.toThrow(/division by zero/);
    expect(await migrate(database.url)).toEqual({ applied: [] });
  });

  it('works with it again where it is the release that broke it', async () => {
    await migrateAhead(BREAKING);
    expect(await migrate(database.url, { migrationsDir })).toEqual({ applied: [] });
  });

  it('ends at once with what to do when it is started', async () => {
    await migrateAhead(BREAKING);
    const service = startNode(['dist/main.js'], {
      env: {
        DATABASE_URL: database.url,
        ROLES: 'receiver',
        RECEIVER_HOST: '127.0.0.1',
        RECEIVER_PORT: '0',
        LOG_LEVEL: 'info',
      },
    });
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.output()).toMatch(/Start the newer release, or restore the database from before it/);
  });
});
