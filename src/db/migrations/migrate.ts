import { join } from 'node:path';
import type pg from 'pg';
import { applyMigrations } from './apply-migrations.js';
import { readBreakingMigrations, refuseBreaking } from './breaking-migrations.js';
import { connect } from './connect.js';
import { prismaFolder, readMigrations, type Migration } from './migrations-folder.js';
import { readMigrationRows, type MigrationRow } from './migration-rows.js';
import { inTurn } from './migration-turn.js';

export type MigrateOptions = {
  /** Folders with a `migration.sql` each; those of this package by default. */
  migrationsDir?: string;
};

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
    return await inTurn(connectionString, client, async () => {
      const rows = await readState(client, migrations);
      const missing = findMissing(migrations, rows);
      if (missing.length > 0) await applyMigrations(client, missing, rows);
      return { applied: missing.map(({ name }) => name) };
    });
  } finally {
    await client.end();
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
