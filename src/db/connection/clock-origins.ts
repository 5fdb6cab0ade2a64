import type { Queryable } from './database.js';

/** A machine's monotonic clock, and how far it is ahead of the monotonic clock of this process. */
export type MachineClock = { id: string; aheadMs: number };

/** The database's time at the zero of this process's monotonic clock, as last saved by a process of this machine. */
export async function recallOrigin(db: Queryable, machine: MachineClock): Promise<number | null> {
  const { rows } = await db.query<{ origin_ms: string }>(
    `select clock_origins.origin_ms from clock_origins where clock_origins.machine = $1`,
    [machine.id],
  );
  return rows[0] === undefined ? null : Number(rows[0].origin_ms) + machine.aheadMs;
}

/** Written only if it has moved by more than the error of a measurement, so usually nothing is written. */
export async function rememberOrigin(db: Queryable, machine: MachineClock, originMs: number): Promise<void> {
  await db.query(
    `insert into clock_origins as known (machine, origin_ms, measured_at) values ($1, $2, clock_timestamp())
     on conflict (machine) do update set origin_ms = excluded.origin_ms, measured_at = excluded.measured_at
     where abs(known.origin_ms - excluded.origin_ms) > 100`,
    [machine.id, Math.round(originMs - machine.aheadMs)],
  );
}
