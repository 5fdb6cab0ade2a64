import type { Queryable } from './database.js';

/** How far the primary has written, in bytes of its log, and which ledger that is. */
export async function readWritten(db: Queryable): Promise<{ place: bigint; ledgerId: string }> {
  const { rows } = await db.query<{ place: string; id: string }>(
    `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::text as place, ledger_identity.id from ledger_identity`,
  );
  if (rows[0] === undefined) throw new Error('table ledger_identity is empty: run the migrations');
  return { place: BigInt(rows[0].place), ledgerId: rows[0].id };
}

/** How far a replica shows what the primary wrote; null where the server is none. */
export async function readReplayed(db: Queryable): Promise<{ place: bigint | null; ledgerId: string | null }> {
  const { rows } = await db.query<{ place: string | null; id: string }>(
    `select case when pg_is_in_recovery() then (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::text end as place,
            ledger_identity.id
     from ledger_identity`,
  );
  const { place = null, id = null } = rows[0] ?? {};
  return { place: place === null ? null : BigInt(place), ledgerId: id };
}
