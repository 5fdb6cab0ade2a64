import type { PoolClient } from 'pg';
import { OLDEST_FIRST_SHARE } from '../../reconcile/choose-queries.js';

/**
 * Something with a limit of its own: an account, or an app of it. It has as many slots as the limit allows
 * queries, and a minimum distance between taking two.
 */
export type PaceScope = { name: string; spacingMs: number; slots: number };
export type PaceScopes = readonly [PaceScope, ...PaceScope[]];

/**
 * Locks the scopes' rows in the order of their names, which prevents deadlocks between transactions that take
 * slots in two scopes. The decision must be a separate statement afterwards, because a statement that waited
 * for a lock still sees the slots as they were before.
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

/** Creates the rows of the scopes' slots. Surplus rows of a lowered limit stay and are ignored. */
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
 * The state of each scope at one moment of the database's clock. Parameters $1 to $3 are the scopes' names,
 * distances and numbers of slots. Times are milliseconds from that moment on. Slots are read only up to the
 * first free one, because with hundreds of slots this is the main cost. A query `yields` where calls that are passed
 * on want slots, and queries hold as many as are kept for them.
 */
export const SLOT_STATE = `
moment as materialized (
  select clock_timestamp() as now
), scope as materialized (
  select scope.name, scope.slots, scope.spacing_ms / query_pace.rate_factor as spacing_ms,
         query_pace.next_slot_at, query_pace.pause_reason,
         coalesce(extract(epoch from query_pace.paused_until - moment.now)::float8 * 1000, 0) as paused_ms,
         exists (select from query_slots
                 where query_slots.scope = scope.name and query_slots.slot = scope.slots) as complete,
         (select query_slots.slot from query_slots
          where query_slots.scope = scope.name and query_slots.slot <= scope.slots
            and query_slots.held_until <= moment.now
          order by query_slots.slot limit 1) as free,
         case when exists (select from slot_holders
                           where slot_holders.scope = scope.name and slot_holders.wanted > 0
                             and slot_holders.held_until > moment.now)
              then (select count(*) from query_slots
                    where query_slots.scope = scope.name and query_slots.held_until > moment.now
                      and not query_slots.granted and not query_slots.leased)
                   >= greatest(1, ceil(scope.slots * ${String(OLDEST_FIRST_SHARE)}))
              else false end as yields
  from unnest($1::text[], $2::float8[], $3::int[]) as scope (name, spacing_ms, slots)
  join query_pace on query_pace.account = scope.name
  cross join moment
)`;

/** How long until a slot of the scope is free; 0 if one is free now. */
export const FREE_MS = `
case when scope.free is not null then 0 else
  (select extract(epoch from min(query_slots.held_until) - moment.now)::float8 * 1000 from query_slots
   where query_slots.scope = scope.name and query_slots.slot <= scope.slots)
end`;

/** The parameters of SLOT_STATE. */
export function slotStateParameters(scopes: PaceScopes): [string[], number[], number[]] {
  return [scopes.map(({ name }) => name), scopes.map(({ spacingMs }) => spacingMs), scopes.map(({ slots }) => slots)];
}
