import { join } from 'node:path';
import { isNativeError } from 'node:util/types';
import pg from 'pg';
import { prismaFolder, readMigrations, type Migration } from './migrations-folder.js';
import { NO_FILTER, toMigrationList, withPrismaSchemaEngine } from './prisma-schema-engine.js';
import type { PrismaSchemaEngine } from './prisma-schema-engine.js';

export type MigrateOptions = {
  /** Folders with a `migration.sql` each; those of this package by default. */
  migrationsDir?: string;
};

/** One row of Prisma's own table. A migration that failed or was killed has no `finished_at`. */
type MigrationRow = { migration_name: string; checksum: string; finished_at: Date | null };

/** Any number, as long as nothing else in the database takes it as an advisory lock. */
const MIGRATION_LOCK = 7_205_002;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Brings the database to the newest migration and says which ones that took. Of several starters at
 * once one migrates and the others wait for it. When nothing is missing it costs one query.
 * A database that is ahead, because a newer release has migrated it, is left as it is. A migration
 * that failed earlier is tried again: each runs as one transaction, nothing of it remained.
 */
export async function migrate(
  connectionString: string,
  { migrationsDir = join(prismaFolder(), 'migrations') }: MigrateOptions = {},
): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(migrationsDir);
  const client = await connect(connectionString);
  try {
    if (isComplete(migrations, await readRows(client))) return { applied: [] };
    // Held by the connection, so it ends with this process, however that ends.
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const rows = await readRows(client);
    if (isComplete(migrations, rows)) return { applied: [] };
    return { applied: await apply(connectionString, migrationsDir, migrations, rows) };
  } finally {
    await client.end();
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString,
    application_name: 'recording-ledger migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A connection that breaks fails the statement that runs on it; without a listener, the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    const place = `${client.host}:${client.port}/${client.database ?? ''}`;
    throw new Error(
      `Postgres at ${place} does not let us in (${reasonOf(error)}): start it, or correct DATABASE_URL.`,
      { cause: error },
    );
  }
}

async function readRows(client: pg.Client): Promise<MigrationRow[]> {
  const table = await client.query<{ found: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as found`,
  );
  if (table.rows[0]?.found !== true) return [];
  const { rows } = await client.query<MigrationRow>(
    `select migrations.migration_name, migrations.checksum, migrations.finished_at
       from _prisma_migrations as migrations
      where migrations.rolled_back_at is null`,
  );
  return rows;
}

/** Throws when an applied migration is no longer the one that was applied. */
function isComplete(migrations: readonly Migration[], rows: readonly MigrationRow[]): boolean {
  const applied = new Map(
    rows.filter((row) => row.finished_at !== null).map((row) => [row.migration_name, row.checksum]),
  );
  for (const { name, checksum } of migrations) {
    if (checksum === (applied.get(name) ?? checksum)) continue;
    throw new Error(
      `Migration ${name} was changed after this database had applied it: put the original file back, or begin with an empty database.`,
    );
  }
  return migrations.every(({ name }) => applied.has(name));
}

async function apply(
  connectionString: string,
  migrationsDir: string,
  migrations: readonly Migration[],
  rows: readonly MigrationRow[],
): Promise<string[]> {
  try {
    return await withPrismaSchemaEngine(connectionString, async (engine) => {
      await forgetFailures(engine, rows);
      const migrationsList = toMigrationList(migrationsDir, migrations);
      const output = await engine.applyMigrations({ migrationsList, filters: NO_FILTER });
      return output.appliedMigrationNames;
    });
  } catch (error) {
    throw new Error(
      `The database could not be migrated (${engineReason(error)}): nothing of the failed migration remains; mend the cause and start again.`,
      { cause: error },
    );
  }
}

/** Without this the engine refuses to go on after a failure, until a person has typed a command. */
async function forgetFailures(
  engine: PrismaSchemaEngine,
  rows: readonly MigrationRow[],
): Promise<void> {
  for (const { migration_name: migrationName } of rows.filter((row) => row.finished_at === null)) {
    await engine.markMigrationRolledBack({ migrationName });
  }
}

/** The engine's message goes on with where in its own source it happened. */
function engineReason(error: unknown): string {
  const message = reasonOf(error);
  const said = /ERROR: (.*?)(?: \d+: |$)/.exec(message)?.[1];
  const name = /migration_name="([^"]+)"/.exec(message)?.[1];
  if (said === undefined) return message;
  return name === undefined ? said : `${name}: ${said}`;
}

function reasonOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  // Node gives one error for all addresses of a host, with an empty message and the code of each.
  if (error.message === '') return (error as NodeJS.ErrnoException).code ?? error.name;
  return error.message.replaceAll(/\s+/g, ' ').trim();
}
