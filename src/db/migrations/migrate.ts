import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { applyMigrations } from './apply-migrations.js';
import { readBreakingMigrations, refuseBreaking } from './breaking-migrations.js';
import { prismaFolder, readMigrations, type Migration } from './migrations-folder.js';
import { readMigrationRows, type MigrationRow } from './migration-rows.js';
import { reasonOf } from './reason-of.js';

export type MigrateOptions = {
  /** Folders with a `migration.sql` each; those of this package by default. */
  migrationsDir?: string;
};

/**
 * The first is an arbitrary number that nothing else here uses; the second is the lock that Prisma uses for
 * migrations.
 */
const MIGRATION_LOCKS = [7_205_002, 72_707_369];
const ASK_AGAIN_MS = 50;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Applies the missing migrations and returns their names. If several processes start at once, one migrates
 * and the others wait for it. If nothing is missing, it costs a few short queries. A database that a newer
 * release has migrated is left as it is, and refused if this release cannot work with it. A migration that
 * failed earlier is tried again, because its transaction left nothing behind.
 */
export async function migrate(
  connectionString: string,
  { migrationsDir = join(prismaFolder(), 'migrations') }: MigrateOptions = {},
): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(migrationsDir);
  const client = await connect(connectionString);
  try {
    if (findMissing(migrations, await readState(client, migrations)).length === 0) return { applied: [] };
    await takeTurn(client);
    const rows = await readState(client, migrations);
    const missing = findMissing(migrations, rows);
    if (missing.length > 0) await applyMigrations(client, missing, rows);
    return { applied: missing.map(({ name }) => name) };
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
  // A broken connection fails the running statement; without this listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    const address = `${client.host}:${client.port}/${client.database ?? ''}`;
    throw new Error(
      `Postgres at ${address} does not let us in (${reasonOf(error)}): start it, or correct DATABASE_URL.`,
      { cause: error },
    );
  }
}

/** Throws if a newer release has changed the database in a way that this one cannot work with. */
async function readState(client: pg.Client, migrations: readonly Migration[]): Promise<MigrationRow[]> {
  const breaking = await readBreakingMigrations(client);
  refuseBreaking(breaking, new Set(migrations.map(({ name }) => name)));
  return readMigrationRows(client);
}

/** Throws if an applied migration's file has changed since. */
function findMissing(migrations: readonly Migration[], rows: readonly MigrationRow[]): readonly Migration[] {
  const applied = new Map(
    rows.filter((row) => row.finished_at !== null).map((row) => [row.migration_name, row.checksum]),
  );
  for (const { name, checksum } of migrations) {
    if (checksum === (applied.get(name) ?? checksum)) continue;
    throw new Error(
      `Migration ${name} was changed after this database had applied it: put the original file back, or begin with an empty database.`,
    );
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

/**
 * The connection holds the lock, so it ends with this process, however that ends. The lock is polled for: a
 * statement that waits for it would hold a snapshot, and `create index concurrently` waits for all snapshots.
 */
async function takeTurn(client: pg.Client): Promise<void> {
  for (const lock of MIGRATION_LOCKS) {
    while (!(await takeLock(client, lock))) await wait(ASK_AGAIN_MS);
  }
}

async function takeLock(client: pg.Client, lock: number): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(`select pg_try_advisory_lock($1) as taken`, [lock]);
  return rows[0]?.taken === true;
}
