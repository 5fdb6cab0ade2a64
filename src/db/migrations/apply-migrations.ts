import type pg from 'pg';
import type { Migration } from './migrations-folder.js';
import {
  createMigrationRows,
  insertStarted,
  keepReason,
  markFinished,
  markRolledBack,
  type MigrationRow,
} from './migration-rows.js';
import { isInsufficientPrivilege } from '../connection/postgres-errors.js';
import { reasonOf } from './reason-of.js';
import { missingGrants, readRights } from './rights.js';

/**
 * A statement that waits for a table lock also blocks all statements behind it, so a migration gives up soon
 * and is tried again.
 */
const LOCK_WITHIN = '3s';

const AS_OWNER = 'run the migration as the role that owns the tables (the one that ran the first migration);';

/** Runs the missing migrations in order. `rows` show which of them an earlier start did not finish. */
export async function applyMigrations(
  client: pg.Client,
  missing: readonly Migration[],
  rows: readonly MigrationRow[],
): Promise<void> {
  const remedy = 'mend the cause, or give the ledger a database of its own, and start again.';
  if (rows.length === 0) await refuseWithoutRights(client);
  await orExplain('_prisma_migrations', remedy, () => createMigrationRows(client));
  for (const migration of missing) {
    const unfinished = rows.filter((row) => row.migration_name === migration.name);
    await orExplain(migration.name, remedyOf(migration), async () => {
      await forgetFailures(client, migration, unfinished);
      await applyMigration(client, migration);
    });
  }
}

/** Asked before anything is begun: Postgres would name one missing right at a time, and none of the remedies. */
async function refuseWithoutRights(client: pg.Client): Promise<void> {
  const rights = await readRights(client);
  const grants = missingGrants(rights);
  if (grants.length === 0) return;
  throw new Error(
    `The database could not be migrated: role ${rights.role} may not create the ledger's schemas and tables there. As an administrator, in database ${rights.database}, run "${grants.join(' ')}" and start again.`,
  );
}

async function orExplain(what: string, remedy: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const advice = isInsufficientPrivilege(error) ? `${AS_OWNER} ${remedy}` : remedy;
    throw new Error(`The database could not be migrated (${what}: ${reasonOf(error)}): ${advice}`, { cause: error });
  }
}

function remedyOf({ name, inTransaction }: Migration): string {
  if (inTransaction) return 'nothing of the failed migration remains; mend the cause and start again.';
  return `it runs outside of a transaction, so a part of it may remain: undo that by hand, then "update _prisma_migrations set rolled_back_at = now() where migration_name = '${name}' and finished_at is null", and start again.`;
}

/**
 * A migration that was interrupted in its transaction is tried again. One that ran without a transaction
 * needs a person.
 */
async function forgetFailures(
  client: pg.Client,
  { inTransaction }: Migration,
  unfinished: readonly MigrationRow[],
): Promise<void> {
  if (unfinished.length > 0 && !inTransaction) throw new Error('an earlier start did not finish it');
  for (const { id } of unfinished) await markRolledBack(client, id);
}

/** Runs one migration and records it; an error is recorded and thrown. */
async function applyMigration(client: pg.Client, migration: Migration): Promise<void> {
  const id = await insertStarted(client, migration);
  try {
    if (migration.inTransaction) await runInTransaction(client, migration, id);
    else await runAsItIs(client, migration, id);
  } catch (error) {
    // Nothing can be written on a lost connection; the row without `finished_at` shows the failure.
    await recordFailure(client, migration, id, error).catch(() => undefined);
    throw error;
  }
}

/** Runs the migration and records it as finished in one transaction. */
async function runInTransaction(client: pg.Client, { sql }: Migration, id: string): Promise<void> {
  await client.query('begin');
  await client.query(`set local lock_timeout = '${LOCK_WITHIN}'`);
  await client.query(sql);
  await markFinished(client, id);
  await client.query('commit');
}

/** Such a statement waits for others without blocking them, so it gets more time. */
async function runAsItIs(client: pg.Client, { sql }: Migration, id: string): Promise<void> {
  await client.query(sql);
  await markFinished(client, id);
}

async function recordFailure(
  client: pg.Client,
  { inTransaction }: Migration,
  id: string,
  error: unknown,
): Promise<void> {
  if (inTransaction) await client.query('rollback');
  await keepReason(client, id, reasonOf(error));
  if (inTransaction) await markRolledBack(client, id);
}
