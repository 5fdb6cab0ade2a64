import type { Queryable } from './database.js';

/** What server this is. `versionNumber` is 150004 for 15.4. */
export type ServerFacts = { version: string; versionNumber: number; role: string; isReadOnly: boolean };

export async function readServerFacts(db: Queryable): Promise<ServerFacts> {
  const { rows } = await db.query<ServerFacts>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as "versionNumber",
            current_user::text as role,
            pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean as "isReadOnly"`,
  );
  return theRow(rows);
}

/** The database's time, in ms since 1970. */
export async function readDatabaseTime(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ ms: number }>(`select extract(epoch from clock_timestamp())::float8 * 1000 as ms`);
  return theRow(rows).ms;
}

/** Tables of the ledger that our role may not read and write, and whether it may do, or have done, what owners may. */
export type TableRights = { closed: string[]; owner: string | null; isOwner: boolean; mayMakePartitions: boolean };

export async function readTableRights(db: Queryable): Promise<TableRights> {
  const { rows } = await db.query<TableRights>(
    `select
       array(
         select own.relname::text from pg_class as own
         where own.relnamespace in (notices.relnamespace, to_regnamespace('evidence_parts')) and own.relkind in ('r', 'p')
           and own.relname <> '_prisma_migrations' and not own.relispartition
           and not (has_table_privilege(own.oid, 'select') and has_table_privilege(own.oid, 'insert')
                    and has_table_privilege(own.oid, 'update') and has_table_privilege(own.oid, 'delete'))
         order by own.relname
       ) as closed,
       pg_get_userbyid(notices.relowner)::text as owner,
       pg_has_role(current_user, notices.relowner, 'usage') as "isOwner",
       coalesce((select has_function_privilege(maker.oid, 'execute') and maker.prosecdef from pg_proc as maker
         where maker.oid = to_regprocedure('public.create_notice_partitions(date, integer)')), false) as "mayMakePartitions"
     from pg_class as notices where notices.oid = to_regclass('public.notices')`,
  );
  return rows[0] ?? { closed: [], owner: null, isOwner: true, mayMakePartitions: true };
}

function theRow<T>(rows: readonly T[]): T {
  if (rows[0] === undefined) throw new Error('the database answered without a row');
  return rows[0];
}
