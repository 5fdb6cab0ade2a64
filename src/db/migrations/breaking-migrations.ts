import type pg from 'pg';
import { isTableThere } from './migration-rows.js';

/** A migration with which no release works that does not know it. */
export type BreakingMigration = { migration_name: string; reason: string };

/**
 * Those of this database. Each writes itself down in its own SQL, whoever applies it: that is how a release
 * learns of a migration that came after it.
 */
export async function readBreakingMigrations(client: pg.Client): Promise<BreakingMigration[]> {
  if (!(await isTableThere(client, 'breaking_migrations'))) return [];
  const { rows } = await client.query<BreakingMigration>(
    `select breaking_migrations.migration_name, breaking_migrations.reason
       from breaking_migrations order by breaking_migrations.migration_name`,
  );
  return rows;
}

/** Throws where this release, which knows the migrations of these names, cannot work with what is there. */
export function refuseBreaking(breaking: readonly BreakingMigration[], known: ReadonlySet<string>): void {
  const unknown = breaking.filter(({ migration_name }) => !known.has(migration_name));
  if (unknown.length === 0) return;
  const reasons = unknown.map(({ migration_name, reason }) => `${migration_name} (${reason})`);
  throw new Error(
    `A newer release has migrated this database in a way that this one cannot work with: ${reasons.join(', ')}. Start the newer release, or restore the database from before it.`,
  );
}
