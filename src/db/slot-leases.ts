import type { Db } from './database.js';
import {
  FREE_MS,
  lockScopes,
  makeSlots,
  STANDING,
  standingOf,
  type PaceScopes,
} from './pace-scopes.js';
import { withTransaction } from './with-transaction.js';

export type SlotLease =
  /** One call may be made, in `waitMs`. */
  | { kind: 'leased'; waitMs: number }
  /** Leases hold all that they may; one of them ends in `waitMs`. */
  | { kind: 'full'; waitMs: number }
  | { kind: 'paused'; waitMs: number; reason: string };

export type LeaseTerms = {
  /** How long a slot is held, from the moment of its call on. */
  heldMs: number;
  /** So many slots of each scope stay for queries: at least one, and this share. */
  keptShare: number;
};

/**
 * Takes a slot in every scope for a call that somebody else makes. It is held from now on, to the end of
 * its time, so no more than the slots there are can be booked ahead, each at its distance.
 */
export async function leaseSlot(db: Db, scopes: PaceScopes, terms: LeaseTerms): Promise<SlotLease> {
  const parameters = [...standingOf(scopes), terms.heldMs, terms.keptShare];
  return withTransaction(db, async (tx) => {
    await lockScopes(tx, scopes);
    await makeSlots(tx, scopes);
    const { rows } = await tx.query<Leasing>(LEASE, parameters);
    if (rows[0] === undefined) throw new Error('nothing came back about the slots of a scope');
    return toLease(rows[0]);
  });
}

type Leasing = { leases: boolean; paused_ms: number; wait_ms: number; full_ms: number; reason: string | null }; // prettier-ignore

const LEASE = `
with ${STANDING}, ruled as (
  select scope.name, scope.free, scope.paused_ms, scope.pause_reason, scope.next_slot_at,
         lease.held < scope.slots - greatest(1, ceil(scope.slots * $5::float8)) as may_lease,
         ${FREE_MS} as free_ms,
         coalesce(extract(epoch from lease.ends_at - moment.now)::float8 * 1000, 0) as lease_ends_ms
  from scope cross join moment
  cross join lateral (
    select count(*) as held, min(query_slots.held_until) as ends_at from query_slots
    where query_slots.scope = scope.name and query_slots.leased and query_slots.held_until > moment.now
  ) as lease
), standing as (
  select bool_and(ruled.free is not null and ruled.may_lease and ruled.paused_ms <= 0) as leases,
         max(ruled.paused_ms) as paused_ms,
         greatest(max(ruled.next_slot_at), max(moment.now)) as at,
         max(case when ruled.may_lease then ruled.free_ms else ruled.lease_ends_ms end) as full_ms,
         (array_agg(ruled.pause_reason order by ruled.paused_ms desc))[1] as reason
  from ruled cross join moment
), moved as (
  update query_pace set next_slot_at = standing.at + scope.spacing_ms * interval '1 millisecond'
  from scope, standing
  where query_pace.account = scope.name and standing.leases
), held as (
  update query_slots
  set held_until = standing.at + $4::float8 * interval '1 millisecond', holder = null, leased = true
  from scope, standing
  where query_slots.scope = scope.name and query_slots.slot = scope.free and standing.leases
)
select standing.leases, standing.paused_ms, standing.full_ms, standing.reason,
       extract(epoch from standing.at - moment.now)::float8 * 1000 as wait_ms
from standing cross join moment`;

function toLease({ leases, paused_ms, wait_ms, full_ms, reason }: Leasing): SlotLease {
  if (leases) return { kind: 'leased', waitMs: wait_ms };
  if (paused_ms > 0) return { kind: 'paused', waitMs: paused_ms, reason: reason ?? '' };
  return { kind: 'full', waitMs: Math.max(full_ms, 1) };
}
