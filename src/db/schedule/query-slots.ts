import { randomUUID } from 'node:crypto';
import type { Db, Queryable } from '../connection/database.js';
import { queryNamed } from '../connection/own-session.js';
import { FREE_MS, lockScopes, makeSlots, SLOT_STATE, slotStateParameters, type PaceScopes } from './pace-scopes.js';
import { withTransaction } from '../connection/with-transaction.js';

export type SlotAttempt =
  /** `holder` now holds a slot in every scope. */
  | { kind: 'taken'; holder: string }
  /** No slot is free, or the last one was taken too recently: try again in `waitMs`. */
  | { kind: 'wait'; waitMs: number }
  /** The account is paused for `waitMs`. */
  | { kind: 'paused'; waitMs: number; reason: string };

/** While all slots are held, a free one is looked for at least this often, because an answer may come at any time. */
const LOOK_AGAIN_MS = 100;

/** The length of Agora's window, for which a slot stays held after an answer. */
const AFTER_ANSWER_MS = 1_000;

/**
 * A slot that is taken late does not move all later ones: up to half a distance of lateness is made up for,
 * so that two queries are never closer than half a distance. Where distances are shorter than the precision
 * of timers, this much is made up for.
 */
const LEAST_CREDIT_MS = 20;

/**
 * Takes a slot in every scope, to be used at once; nothing is reserved for later. It is held for `leaseMs`,
 * or until it is released. The limit holds whatever the number of processes and their clocks, because a row
 * can be held only once and there are no more rows than the limit allows.
 */
export async function takeSlot(db: Db, scopes: PaceScopes, leaseMs: number): Promise<SlotAttempt> {
  const holder = randomUUID();
  const parameters = [...slotStateParameters(scopes), leaseMs, holder];
  return withTransaction(db, async (tx) => {
    await lockScopes(tx, scopes);
    const decide = async (): Promise<SlotDecision> =>
      theRow((await queryNamed<SlotDecision>(tx, { name: 'take_slot', text: TAKE, values: parameters })).rows[0]);
    let decision = await decide();
    if (!decision.complete) {
      await makeSlots(tx, scopes);
      decision = await decide();
    }
    return toTaking(decision, holder);
  });
}

type SlotDecision = {
  complete: boolean;
  takes: boolean;
  paused_ms: number;
  early_ms: number;
  free_ms: number;
  reason: string | null;
};

const TAKE = `
with ${SLOT_STATE}, standing as (
  select bool_and(scope.complete) as complete,
         bool_and(scope.complete and scope.free is not null and not scope.yields and scope.paused_ms <= 0
                  and scope.next_slot_at <= moment.now) as takes,
         max(scope.paused_ms) as paused_ms,
         max(case when scope.yields then ${String(LOOK_AGAIN_MS)} else ${FREE_MS} end) as free_ms,
         (array_agg(scope.pause_reason order by scope.paused_ms desc))[1] as reason,
         max(extract(epoch from scope.next_slot_at - moment.now)::float8 * 1000) as early_ms
  from scope cross join moment
), moved as (
  update query_pace
  set next_slot_at = greatest(query_pace.next_slot_at,
                              moment.now - greatest(${String(LEAST_CREDIT_MS)}, scope.spacing_ms / 2) * interval '1 millisecond')
                     + scope.spacing_ms * interval '1 millisecond'
  from scope, moment, standing
  where query_pace.account = scope.name and standing.takes
), held as (
  update query_slots
  set held_until = moment.now + $4::float8 * interval '1 millisecond', holder = $5::uuid, leased = false, granted = false,
      taken_at = moment.now
  from scope, moment, standing
  where query_slots.scope = scope.name and query_slots.slot = scope.free and standing.takes
)
select standing.* from standing`;

function toTaking({ takes, paused_ms, early_ms, free_ms, reason }: SlotDecision, holder: string): SlotAttempt {
  if (takes) return { kind: 'taken', holder };
  if (paused_ms > 0) return { kind: 'paused', waitMs: paused_ms, reason: reason ?? '' };
  return { kind: 'wait', waitMs: Math.max(early_ms, Math.min(free_ms, LOOK_AGAIN_MS), 1) };
}

/**
 * Releases a query's slots in `heldForMs`. If this never runs, the lease frees them. If it runs after the
 * lease and another query holds a slot by then, it changes nothing.
 */
export async function releaseSlot(db: Db, scopes: PaceScopes, holder: string, heldForMs: number): Promise<void> {
  await db.pool.query(
    `update query_slots set held_until = clock_timestamp() + $3::float8 * interval '1 millisecond', holder = null,
       lasted_ms = case when $3::float8 = 0 then query_slots.lasted_ms else
         extract(epoch from clock_timestamp() - query_slots.taken_at)::float8 * 1000 + $3::float8 end
     where query_slots.scope = any($1::text[]) and query_slots.holder = $2`,
    [scopes.map(({ name }) => name), holder, heldForMs],
  );
}

/** Slots that were last taken longer ago than this say nothing about the present. */
const RECENT_MS = 60_000;

/**
 * The mean time for which recent queries held the slots of each scope. For each slot it takes the last
 * answered query, or the one on its way if that already takes longer.
 */
export async function readHeldMs(db: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ scope: string; held_ms: number }>(
    `with slot as (
       select query_slots.scope, query_slots.lasted_ms,
              case when query_slots.holder is not null and query_slots.held_until > clock_timestamp()
                   then extract(epoch from clock_timestamp() - query_slots.taken_at)::float8 * 1000 + $1::float8
              end as so_far_ms
       from query_slots
       where not query_slots.granted and query_slots.taken_at > clock_timestamp() - $2::float8 * interval '1 millisecond'
     )
     select slot.scope, avg(greatest(slot.lasted_ms, slot.so_far_ms)) as held_ms
     from slot where slot.lasted_ms is not null or slot.so_far_ms > 2 * $1::float8 group by slot.scope`,
    [AFTER_ANSWER_MS, RECENT_MS],
  );
  return new Map(rows.map(({ scope, held_ms }) => [scope, held_ms]));
}

/** How many slots of each scope are held now, those of leases included. */
export async function countHeldSlots(db: Queryable): Promise<{ scope: string; held: number; leased: number }[]> {
  const { rows } = await db.query<{ scope: string; held: number; leased: number }>(
    `select query_slots.scope,
            count(*) filter (where query_slots.held_until > clock_timestamp())::int as held,
            count(*) filter (where query_slots.held_until > clock_timestamp() and query_slots.leased)::int as leased
     from query_slots group by query_slots.scope order by query_slots.scope`,
  );
  return rows;
}

function theRow<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('nothing came back about the slots of a scope');
  return row;
}
