import { randomInt } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Db, Queryable } from '../connection/database.js';

/**
 * A process that sends, as others see it: it holds a lease, which it renews, and an advisory lock on a connection that
 * it keeps. A process that was killed loses the lock at once; one that cannot reach Postgres loses the lease.
 */
export type Sender = { id: string; connection: PoolClient; close: () => Promise<void> };

const LEASE_PREFIX = 'webhooks ';
const LARGEST_ID = 2 ** 48 - 1;

/** `onLost` is called once if the connection breaks: others may take over from that moment. */
export async function openSender({ pool }: Pick<Db, 'pool'>, onLost: (error: Error) => void): Promise<Sender> {
  const connection = await pool.connect();
  const id = String(randomInt(1, LARGEST_ID));
  let closed = false;
  const lose = (error: Error): void => {
    if (closed) return;
    closed = true;
    connection.release(true);
    onLost(error);
  };
  connection.on('error', lose);
  try {
    await connection.query(`select pg_advisory_lock($1::bigint)`, [id]);
  } catch (error) {
    lose(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  return {
    id,
    connection,
    close: async () => {
      if (closed) return;
      closed = true;
      await pool.query(`delete from process_leases where process_leases.name = $1`, [leaseName(id)]).catch(() => null);
      connection.release(true); // with its lock
    },
  };
}

function leaseName(id: string): string {
  return LEASE_PREFIX + id;
}

/** Renews the lease for so long, from when Postgres hears of it; and forgets those that ran out long ago. */
export async function renewSender(db: Queryable, id: string, forMs: number): Promise<void> {
  await db.query(
    `with gone as (
       delete from process_leases where process_leases.name like '${LEASE_PREFIX}%'
         and process_leases.held_until < clock_timestamp() - interval '1 minute' and process_leases.name <> $1
     )
     insert into process_leases as lease (name, holder, held_until)
     values ($1, gen_random_uuid(), clock_timestamp() + $2::float8 * interval '1 millisecond')
     on conflict (name) do update set held_until = excluded.held_until`,
    [leaseName(id), forMs],
  );
}

/** The ids of the senders that live, for a statement that asks whose endpoints may be taken over. */
export const LIVING_SENDERS = `
  select ((locks.classid::bigint << 32) | locks.objid::bigint) as id from pg_locks as locks
  join process_leases as lease
    on lease.name = '${LEASE_PREFIX}' || ((locks.classid::bigint << 32) | locks.objid::bigint)::text
  where locks.locktype = 'advisory' and locks.objsubid = 1 and locks.granted
    and locks.database = (select db.oid from pg_database as db where db.datname = current_database())
    and lease.held_until > clock_timestamp()`;
