import type { Queryable } from './database.js';

/**
 * Takes the lease of this name for so long, or holds it on; false where another process has it. One that ends
 * further ahead than anybody may hold it was taken before the clock was set back: nobody has it.
 */
export async function holdLease(db: Queryable, name: string, holder: string, forMs: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into process_leases as lease (name, holder, held_until)
     values ($1, $2, clock_timestamp() + $3::float8 * interval '1 millisecond')
     on conflict (name) do update set holder = excluded.holder, held_until = excluded.held_until
     where lease.holder = excluded.holder or lease.held_until <= clock_timestamp()
        or lease.held_until > excluded.held_until`,
    [name, holder, forMs],
  );
  return rowCount === 1;
}

/** Gives it up, if it is still this holder's. */
export async function leaveLease(db: Queryable, name: string, holder: string): Promise<void> {
  await db.query(`delete from process_leases where process_leases.name = $1 and process_leases.holder = $2`, [
    name,
    holder,
  ]);
}
