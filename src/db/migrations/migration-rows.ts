import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Migration } from './migrations-folder.js';

/*
 * Prisma's own table, as Prisma writes it: `prisma migrate status` and `deploy` read the same rows, and a
 * database that either of us has migrated goes on being migrated by the other.
 */

/** A migration that failed or was killed has no `finished_at`. */
export type MigrationRow = {
  id: string;
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
};

/** The rows that were not rolled back; none if nothing was ever migrated. */
export async function readMigrationRows(client: pg.Client): Promise<MigrationRow[]> {
  if (!(await isTableThere(client, '_prisma_migrations'))) return [];
  const { rows } = await client.query<MigrationRow>(
    `select migrations.id, migrations.migration_name, migrations.checksum, migrations.finished_at
       from _prisma_migrations as migrations
      where migrations.rolled_back_at is null`,
  );
  return rows;
}

export async function isTableThere(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(`select to_regclass($1) is not null as found`, [name]);
  return rows[0]?.found === true;
}

/** Throws if the database holds other tables: the first migration needs an empty one. */
export async function createMigrationRows(client: pg.Client): Promise<void> {
  if (await isTableThere(client, '_prisma_migrations')) return;
  const others = await listTablesOfOthers(client);
  if (others.length > 0) throw new Error(`it holds tables of another application: ${others.join(', ')}`);
  await client.query(
    `create table _prisma_migrations (
       id varchar(36) not null primary key,
       checksum varchar(64) not null,
       finished_at timestamptz,
       migration_name varchar(255) not null,
       logs text,
       rolled_back_at timestamptz,
       started_at timestamptz not null default now(),
       applied_steps_count integer not null default 0
     )`,
  );
}

/** Tables of an extension do not count. */
export async function listTablesOfOthers(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class
      where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')
        and not exists (select from pg_depend where pg_depend.objid = pg_class.oid and pg_depend.deptype = 'e')
      order by relname limit 5`,
  );
  return rows.map(({ name }) => name);
}

/**
 * Written before the migration and outside its transaction, so that a process that is killed during it leaves
 * a trace.
 */
export async function insertStarted(client: pg.Client, { name, checksum }: Migration): Promise<string> {
  const id = randomUUID();
  await client.query(`insert into _prisma_migrations (id, checksum, migration_name) values ($1, $2, $3)`, [
    id,
    checksum,
    name,
  ]);
  return id;
}

export async function markFinished(client: pg.Client, id: string): Promise<void> {
  await client.query(
    `update _prisma_migrations set finished_at = clock_timestamp(), applied_steps_count = 1 where id = $1`,
    [id],
  );
}

export async function keepReason(client: pg.Client, id: string, reason: string): Promise<void> {
  await client.query(`update _prisma_migrations set logs = $2 where id = $1`, [id, reason]);
}

/** Marks it as rolled back, so that it may be tried again, also by Prisma. */
export async function markRolledBack(client: pg.Client, id: string): Promise<void> {
  await client.query(`update _prisma_migrations set rolled_back_at = now() where id = $1`, [id]);
}
