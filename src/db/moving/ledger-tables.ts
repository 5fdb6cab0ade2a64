import type { Queryable } from '../connection/database.js';

/** A table of the ledger, quoted as SQL wants it, with the columns that can be written. */
export type LedgerTable = { name: string; columns: string };

/**
 * The tables that hold the ledger, those that others refer to first. A table with partitions counts as one. The
 * queue's tables are not among them: every job follows from what is in the ledger.
 */
export async function listLedgerTables(db: Queryable): Promise<readonly LedgerTable[]> {
  const { rows } = await db.query<LedgerTable>(
    `select quote_ident(class.relname) as name,
            (select string_agg(quote_ident(attribute.attname), ', ' order by attribute.attnum)
               from pg_attribute as attribute
              where attribute.attrelid = class.oid and attribute.attnum > 0
                and not attribute.attisdropped and attribute.attgenerated = '') as columns
       from pg_class as class
      where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p')
        and not class.relispartition and class.relname <> '_prisma_migrations'
      order by exists (select from pg_constraint as foreign_key
                        where foreign_key.conrelid = class.oid and foreign_key.contype = 'f'), class.relname`,
  );
  return rows;
}

/** A column's next number, and where the numbers come from. */
type Numbered = { sequence: string; next: string };

/** The sequences of the ledger's columns, each with the number that it gives next. */
export async function readSequences(db: Queryable): Promise<readonly Numbered[]> {
  const { rows } = await db.query<Numbered>(
    `select quote_ident(sequencename) as sequence,
            coalesce(last_value + increment_by, start_value)::text as next
       from pg_sequences where schemaname = 'public'`,
  );
  return rows;
}

export async function continueSequences(db: Queryable, sequences: readonly Numbered[]): Promise<void> {
  await db.query(
    `select setval(told.sequence::regclass, told.next, false) from unnest($1::text[], $2::bigint[]) as told (sequence, next)`,
    [sequences.map(({ sequence }) => sequence), sequences.map(({ next }) => next)],
  );
}
