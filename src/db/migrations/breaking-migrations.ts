import type pg from 'pg';
import { isTableThere } from './migration-rows.js';

/** A migration after which releases that do not know it no longer work. */
export type BreakingMigration = { migration_name: string; reason: string };

/**
 * The breaking migrations of this database. Each records itself in its own SQL, whichever release applies it:
 * so an older release learns of a migration that came after it.
 */
export async function readBreakingMigrations(client: pg.Client): Promise<BreakingMigration[]> {
  if (!(await isTableThere(client, 'breaking_migrations'))) return [];
  const { rows } = await client.query<BreakingMigration>(
    `select breaking_migrations.migration_name, breaking_migrations.reason
       from breaking_migrations order by breaking_migrations.migration_name`,
  );
  return rows;
}

/**
 * Throws if the database has a breaking migration that this release does not know. `known` are the names of
 * its own migrations.
 */
export function refuseBreaking(breaking: readonly BreakingMigration[], known: ReadonlySet<string>): void {
  const unknown = breaking.filter(({ migration_name }) => !known.has(migration_name));
  if (unknown.length === 0) return;
  const reasons = unknown.map(({ migration_name, reason }) => `${migration_name} (${reason})`);
  throw new Error(
    `A newer release has migrated this database in a way that this one cannot work with: ${reasons.join(', ')}. Start the newer release, or restore the database from before it.`,
  );
}
