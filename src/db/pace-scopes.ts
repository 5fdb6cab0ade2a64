import type { PoolClient } from 'pg';

/**
 * Something that has a limit of its own, an account or an app of it: as many slots as the limit
 * allows queries, and the distance at which they are taken.
 */
export type PaceScope = { name: string; spacingMs: number; slots: number };
export type PaceScopes = readonly [PaceScope, ...PaceScope[]];

/**
 * Locks the scopes' rows, in the order of their names: whoever takes slots in two of them never waits
 * for one who waits for the first. What is decided afterwards has to be a further statement, for a
 * statement that waited for a lock still sees the slots as they were before.
 */
export async function lockScopes(tx: PoolClient, scopes: PaceScopes): Promise<void> {
  const names = scopes.map(({ name }) => name);
  const lock = (): Promise<{ rowCount: number | null }> =>
    tx.query(
      `select from query_pace where query_pace.account = any($1::text[])
       order by query_pace.account for update`,
      [names],
    );
  if ((await lock()).rowCount === names.length) return;
  await tx.query(
    `insert into query_pace (account, next_slot_at)
     select unnest($1::text[]), clock_timestamp() order by 1 on conflict do nothing`,
    [names],
  );
  await lock();
}

/** Makes the rows of the scopes' slots. Those of a limit that was lowered stay, and are not looked at. */
export async function makeSlots(tx: PoolClient, scopes: PaceScopes): Promise<void> {
  await tx.query(
    `insert into query_slots (scope, slot, held_until)
     select scope.name, slot.n, clock_timestamp()
     from unnest($1::text[], $2::int[]) as scope (name, slots)
     cross join lateral generate_series(1, scope.slots) as slot (n)
     on conflict do nothing`,
    [scopes.map(({ name }) => name), scopes.map(({ slots }) => slots)],
  );
}

/**
 * How each scope stands at one moment of the database's clock; parameters $1 to $3 are the scopes'
 * names, distances and numbers of slots. Times are in milliseconds from that moment on.
 */
export const STANDING = `
moment as materialized (
  select clock_timestamp() as now
), scope as materialized (
  select scope.name, scope.slots, scope.spacing_ms / query_pace.rate_factor as spacing_ms,
         query_pace.next_slot_at, query_pace.pause_reason, slot.known, slot.free, slot.leased,
         coalesce(extract(epoch from query_pace.paused_until - moment.now)::float8 * 1000, 0) as paused_ms,
         extract(epoch from slot.free_at - moment.now)::float8 * 1000 as free_ms,
         extract(epoch from slot.lease_ends_at - moment.now)::float8 * 1000 as lease_ends_ms
  from unnest($1::text[], $2::float8[], $3::int[]) as scope (name, spacing_ms, slots)
  join query_pace on query_pace.account = scope.name
  cross join moment
  cross join lateral (
    select count(*)::int as known,
           min(query_slots.slot) filter (where query_slots.held_until <= moment.now) as free,
           min(query_slots.held_until) as free_at,
           count(*) filter (where query_slots.leased and query_slots.held_until > moment.now)::int as leased,
           min(query_slots.held_until) filter (where query_slots.leased and query_slots.held_until > moment.now) as lease_ends_at
    from query_slots where query_slots.scope = scope.name and query_slots.slot <= scope.slots
  ) as slot
)`;

/** The parameters of STANDING. */
export function standingOf(scopes: PaceScopes): [string[], number[], number[]] {
  return [
    scopes.map(({ name }) => name),
    scopes.map(({ spacingMs }) => spacingMs),
    scopes.map(({ slots }) => slots),
  ];
}
