import type { Db, Queryable } from '../connection/database.js';
import { withTransaction } from '../connection/with-transaction.js';
import { OLDEST_FIRST_SHARE } from '../../reconcile/choose-queries.js';
import { lockScopes, makeSlots, type PaceScope } from './pace-scopes.js';

/** One process that passes calls on. Its slots are held in its name, call after call. */
export type GrantHolder = { scope: PaceScope; holder: string };

/** What a holder has after a look: `most` is how many slots it may hold while others want some too. */
export type GrantState = { held: number; holders: number; othersWant: boolean; most: number };

/**
 * Notes that the holder lives and how many more slots it wants, prolongs what it holds, and gives it of the free
 * slots as many as it wants and all holders together may have: the rest is kept for queries. A slot is held until
 * `forMs` from now or until it is given back; it is nobody's in between.
 * Ours: docs/decisions/039-passed-on-calls-hold-slots.md
 */
export async function holdSlots(
  db: Db,
  { scope, holder }: GrantHolder,
  wanted: number,
  terms: { forMs: number; seenForMs: number },
): Promise<GrantState> {
  return withTransaction(db, async (tx) => {
    await lockScopes(tx, [scope]);
    await makeSlots(tx, [scope]);
    await tx.query(PROLONG, [scope.name, holder, terms.forMs]);
    if (wanted > 0) await tx.query(GRANT, [scope.name, holder, terms.forMs, scope.slots, wanted, OLDEST_FIRST_SHARE]);
    const { rows } = await tx.query<GrantState>(STANDING, [scope.name, holder, scope.slots, OLDEST_FIRST_SHARE]);
    const state = rows[0];
    if (state === undefined) throw new Error('nothing came back about the slots of a holder');
    await tx.query(WANT, [scope.name, holder, wanted, terms.seenForMs]);
    return state;
  });
}

const PROLONG = `
update query_slots set held_until = clock_timestamp() + $3::float8 * interval '1 millisecond'
where query_slots.scope = $1 and query_slots.holder = $2::uuid and query_slots.granted`;

/** All holders' slots together, beyond which nothing is granted. */
const GRANTABLE = (slots: string, kept: string): string =>
  `greatest(1, ${slots}::int - greatest(1, ceil(${slots}::int * ${kept}::float8)))::int`;

const GRANT = `
with moment as materialized (
  select clock_timestamp() as now
), room as (
  select greatest(0, ${GRANTABLE('$4', '$6')} - count(*))::int as slots
  from query_slots cross join moment
  where query_slots.scope = $1 and query_slots.granted and query_slots.held_until > moment.now
), free as (
  select query_slots.slot from query_slots cross join moment
  where query_slots.scope = $1 and query_slots.slot <= $4::int and query_slots.held_until <= moment.now
  order by query_slots.slot limit (select least(room.slots, $5::int) from room)
)
update query_slots
set held_until = moment.now + $3::float8 * interval '1 millisecond', holder = $2::uuid, leased = false,
    granted = true, taken_at = moment.now
from free, moment
where query_slots.scope = $1 and query_slots.slot = free.slot`;

const STANDING = `
with others as (
  select count(*)::int as holders, coalesce(bool_or(slot_holders.wanted > 0), false) as want
  from slot_holders
  where slot_holders.scope = $1 and slot_holders.holder <> $2::uuid and slot_holders.held_until > clock_timestamp()
)
select (select count(*)::int from query_slots
        where query_slots.scope = $1 and query_slots.slot <= $3::int and query_slots.holder = $2::uuid
          and query_slots.granted) as held,
       1 + others.holders as holders, others.want as "othersWant",
       greatest(1, ${GRANTABLE('$3', '$4')} / (1 + others.holders)) as most
from others`;

const WANT = `
insert into slot_holders (scope, holder, wanted, held_until)
values ($1, $2, $3, clock_timestamp() + $4::float8 * interval '1 millisecond')
on conflict (scope, holder) do update set wanted = excluded.wanted, held_until = excluded.held_until`;

/** Gives back so many slots of the holder, none of which is in use any more. */
export async function giveBackSlots(db: Queryable, { scope, holder }: GrantHolder, count: number): Promise<void> {
  await db.query(
    `update query_slots set held_until = clock_timestamp(), holder = null, granted = false
     where query_slots.scope = $1 and query_slots.slot in (
       select mine.slot from query_slots as mine
       where mine.scope = $1 and mine.holder = $2::uuid and mine.granted order by mine.slot desc limit $3)`,
    [scope.name, holder, count],
  );
}

/** Lets go of all that a holder has, in every scope; its last calls may arrive within `arriveWithinMs`. */
export async function endHolder(db: Queryable, holder: string, arriveWithinMs: number): Promise<void> {
  await db.query(
    `update query_slots
     set held_until = least(query_slots.held_until, clock_timestamp() + $2::float8 * interval '1 millisecond'),
         holder = null
     where query_slots.holder = $1::uuid and query_slots.granted`,
    [holder, arriveWithinMs],
  );
  await db.query(`delete from slot_holders where slot_holders.holder = $1::uuid`, [holder]);
}

/** How many slots of each scope are held for calls that are passed on; scopes without any are left out. */
export async function countGrantedSlots(db: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ scope: string; granted: number }>(
    `select query_slots.scope, count(*)::int as granted from query_slots
     where query_slots.granted and query_slots.held_until > clock_timestamp() group by query_slots.scope`,
  );
  return new Map(rows.map(({ scope, granted }) => [scope, granted]));
}
