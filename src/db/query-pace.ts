import type { Db } from './database.js';

export type Slot =
  /** Ask in `waitMs`. */
  | { kind: 'reserved'; waitMs: number }
  /** The account may not ask before `waitMs` are over. */
  | { kind: 'paused'; waitMs: number; reason: string };

/**
 * Reserves the account's next slot, `spacingMs` after the one before. One row, one statement, the
 * database's clock: however many processes ask and however their clocks run, slots are equally
 * spaced. What is handed back is a wait, not a time, so that the caller's clock does not matter.
 */
export async function reserveSlot(db: Db, account: string, spacingMs: number): Promise<Slot> {
  const { rows } = await db.pool.query<{ wait_ms: number; paused_ms: number; reason: string }>(
    `insert into query_pace as pace (account, next_slot_at)
     values ($1, clock_timestamp() + $2 * interval '1 millisecond')
     on conflict (account) do update set
       next_slot_at = case
         when pace.paused_until > clock_timestamp() then pace.next_slot_at
         else greatest(pace.next_slot_at, clock_timestamp())
              + ($2 / pace.rate_factor) * interval '1 millisecond'
       end
     returning
       extract(epoch from pace.next_slot_at - ($2 / pace.rate_factor) * interval '1 millisecond'
                          - clock_timestamp())::float8 * 1000 as wait_ms,
       coalesce(extract(epoch from pace.paused_until - clock_timestamp())::float8 * 1000, 0) as paused_ms,
       coalesce(pace.pause_reason, '') as reason`,
    [account, spacingMs],
  );
  const slot = rows[0];
  if (slot === undefined) throw new Error(`no slot came back for account ${account}`);
  if (slot.paused_ms > 0) return { kind: 'paused', waitMs: slot.paused_ms, reason: slot.reason };
  return { kind: 'reserved', waitMs: Math.max(slot.wait_ms, 0) };
}

/** Nothing of the account is asked for the given time; a shorter pause never replaces a longer one. */
export async function pauseAccount(
  db: Db,
  account: string,
  forMs: number,
  reason: string,
): Promise<void> {
  await db.pool.query(
    `insert into query_pace as pace (account, next_slot_at, paused_until, pause_reason)
     values ($1, clock_timestamp(), clock_timestamp() + $2 * interval '1 millisecond', $3)
     on conflict (account) do update set
       paused_until = greatest(pace.paused_until, excluded.paused_until), pause_reason = excluded.pause_reason`,
    [account, forMs, reason],
  );
}

/**
 * Answered with 429: the pace is halved at once, down to an eighth; every answer that is not one
 * wins a little of it back.
 */
export async function slowDown(db: Db, account: string): Promise<void> {
  await db.pool.query(
    `update query_pace set rate_factor = greatest(query_pace.rate_factor / 2, 0.125)
     where query_pace.account = $1`,
    [account],
  );
}

export async function speedUp(db: Db, account: string): Promise<void> {
  await db.pool.query(
    `update query_pace set rate_factor = least(query_pace.rate_factor * 1.05, 1)
     where query_pace.account = $1 and query_pace.rate_factor < 1`,
    [account],
  );
}

export async function readPauses(
  db: Db,
): Promise<ReadonlyMap<string, { forMs: number; reason: string }>> {
  const { rows } = await db.pool.query<{ account: string; for_ms: number; reason: string }>(
    `select query_pace.account, coalesce(query_pace.pause_reason, '') as reason,
            extract(epoch from query_pace.paused_until - clock_timestamp())::float8 * 1000 as for_ms
     from query_pace where query_pace.paused_until > clock_timestamp()`,
  );
  return new Map(rows.map(({ account, for_ms, reason }) => [account, { forMs: for_ms, reason }]));
}
