import { join } from 'node:path';
import type pg from 'pg';
import { readBreakingMigrations, type BreakingMigration } from './breaking-migrations.js';
import { isTableThere, listTablesOfOthers, readMigrationRows } from './migration-rows.js';
import { prismaFolder, readMigrations } from './migrations-folder.js';

/** How the database's migrations stand to those of this release. Names, in their order. */
export type MigrationState = {
  applied: string[];
  missing: string[];
  /** Begun and not ended: one is running just now, or was killed. */
  unfinished: string[];
  /** Applied, and another file now. */
  changed: string[];
  /** Applied by a newer release. */
  newer: string[];
  /** Those of them with which this release cannot work. */
  breaking: BreakingMigration[];
  /** Where nothing has been migrated yet: tables that are not ours, beside which nothing is begun. */
  others: string[];
};

/** Changes nothing and waits for nobody. */
export async function readMigrationState(client: pg.Client): Promise<MigrationState> {
  const known = await readMigrations(join(prismaFolder(), 'migrations'));
  const rows = await readMigrationRows(client);
  const breaking = await readBreakingMigrations(client);
  const finished = new Map(
    rows.filter((row) => row.finished_at !== null).map((row) => [row.migration_name, row.checksum]),
  );
  const names = new Set(known.map(({ name }) => name));
  const isBegun = await isTableThere(client, '_prisma_migrations');
  return {
    applied: [...finished.keys()].sort(),
    missing: known.map(({ name }) => name).filter((name) => !finished.has(name)),
    unfinished: rows.filter((row) => row.finished_at === null).map((row) => row.migration_name),
    changed: known
      .filter(({ name, checksum }) => (finished.get(name) ?? checksum) !== checksum)
      .map(({ name }) => name),
    newer: [...finished.keys()].filter((name) => !names.has(name)).sort(),
    breaking: breaking.filter(({ migration_name }) => !names.has(migration_name)),
    others: isBegun ? [] : await listTablesOfOthers(client),
  };
}
