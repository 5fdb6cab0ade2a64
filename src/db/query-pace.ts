import type { Db } from './database.js';
import { withTransaction } from './with-transaction.js';

export type Slot =
  /** Ask in `waitMs`. */
  | { kind: 'reserved'; waitMs: number }
  /** The account may not ask before `waitMs` are over. */
  | { kind: 'paused'; waitMs: number; reason: string };

/** Something that has a limit of its own, an account or an app of it, and the distance of its slots. */
export type PaceScope = { name: string; spacingMs: number };

/** A slot in every scope at once. Where one of them is paused, none of them loses a slot. */
export async function reserveSlotInAll(
  db: Db,
  scopes: readonly [PaceScope, ...PaceScope[]],
): Promise<Slot> {
  const [first, ...others] = scopes;
  if (others.length === 0) return reserveSlot(db, first.name, first.spacingMs);
  const names = scopes.map(({ name }) => name);
  const spacings = scopes.map(({ spacingMs }) => spacingMs);
  return withTransaction(db, async (tx) => {
    await tx.query(
      `insert into query_pace (account, next_slot_at) select unnest($1::text[]), clock_timestamp()
       on conflict do nothing`,
      [names],
    );
    await tx.query(
      `select from query_pace where account = any($1::text[]) order by account for update`,
      [names],
    );
    const { rows } = await tx.query<SlotRow>(RESERVE_IN_ALL, [names, spacings]);
    return toSlot(rows[0], first.name);
  });
}

/** Every scope's next slot is its own distance after the joint one. */
const RESERVE_IN_ALL = `
with joint as (
  select greatest(max(pace.next_slot_at), clock_timestamp()) as at,
         coalesce(max(extract(epoch from pace.paused_until - clock_timestamp())::float8 * 1000), 0) as paused_ms,
         coalesce(max(pace.pause_reason), '') as reason
  from query_pace as pace where pace.account = any($1::text[])
), moved as (
  update query_pace as pace
  set next_slot_at = joint.at + (scope.spacing_ms / pace.rate_factor) * interval '1 millisecond'
  from joint, unnest($1::text[], $2::float8[]) as scope (name, spacing_ms)
  where pace.account = scope.name and joint.paused_ms <= 0
)
select extract(epoch from joint.at - clock_timestamp())::float8 * 1000 as wait_ms, joint.paused_ms, joint.reason
from joint`;

type SlotRow = { wait_ms: number; paused_ms: number; reason: string };

function toSlot(slot: SlotRow | undefined, account: string): Slot {
  if (slot === undefined) throw new Error(`no slot came back for account ${account}`);
  if (slot.paused_ms > 0) return { kind: 'paused', waitMs: slot.paused_ms, reason: slot.reason };
  return { kind: 'reserved', waitMs: Math.max(slot.wait_ms, 0) };
}

/**
 * Reserves the account's next slot, `spacingMs` after the one before. One row, one statement, the
 * database's clock: however many processes ask and however their clocks run, slots are equally
 * spaced. What is handed back is a wait, not a time, so that the caller's clock does not matter.
 */
export async function reserveSlot(db: Db, account: string, spacingMs: number): Promise<Slot> {
  const { rows } = await db.pool.query<SlotRow>(
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
  return toSlot(rows[0], account);
}

/** Nothing of the account is asked for the given time; a shorter pause never replaces a longer one. */
export async function pauseAccount(
  db: Db,
  account: string,
  forMs: number,
  reason: PauseReason,
): Promise<void> {
  await db.pool.query(
    `insert into query_pace as pace (account, next_slot_at, paused_until, pause_reason, unanswered_since)
     values ($1, clock_timestamp(), clock_timestamp() + $2 * interval '1 millisecond', $3,
             case when $4 then clock_timestamp() end)
     on conflict (account) do update set
       paused_until = greatest(pace.paused_until, excluded.paused_until),
       pause_reason = excluded.pause_reason,
       unanswered_since = coalesce(pace.unanswered_since, excluded.unanswered_since)`,
    [account, forMs, reason, reason === 'unreachable' || reason === 'unauthorized'],
  );
}

/** `throttled`: too fast; `quota`: this window is used up; the others: nothing can be asked. */
export type PauseReason = 'throttled' | 'quota' | 'unauthorized' | 'unreachable';

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
    `update query_pace set rate_factor = least(query_pace.rate_factor * 1.05, 1), unanswered_since = null
     where query_pace.account = $1
       and (query_pace.rate_factor < 1 or query_pace.unanswered_since is not null)`,
    [account],
  );
}

/** Accounts of which no query has been answered by Agora lately, for it cannot be reached or refuses us. */
export async function readUnanswered(db: Db): Promise<ReadonlySet<string>> {
  const { rows } = await db.pool.query<{ account: string }>(
    `select query_pace.account from query_pace where query_pace.unanswered_since is not null`,
  );
  return new Set(rows.map(({ account }) => account));
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
