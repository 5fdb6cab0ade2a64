import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Db } from '../connection/database.js';
import { FREE_MS, lockScopes, makeSlots, SLOT_STATE, slotStateParameters, type PaceScopes } from './pace-scopes.js';
import { withTransaction } from '../connection/with-transaction.js';

export type SlotLease =
  /** One call may be made at `atMs` of the database's clock, which is in `waitMs`. */
  | { kind: 'leased'; atMs: UnixMs; waitMs: number }
  /** Leases hold all slots that they may, or are booked as far ahead as they may be; this may change in `waitMs`. */
  | { kind: 'full'; waitMs: number }
  | { kind: 'paused'; waitMs: number; reason: string };

export type LeaseTerms = {
  /** How long a slot is held from the moment of its call. */
  heldMs: number;
  /** The share of each scope's slots that is reserved for queries; at least one slot. */
  keptShare: number;
  /** Nothing is booked further ahead than this. */
  horizonMs: number;
  /** The holder of the lease, where several keys may lease: each may hold no more than its share. */
  holder: { name: string; share: number } | null;
};

/**
 * Takes a slot in every scope for another service's call. The slot is held from now until the end of its
 * time, so no more calls than there are slots can be booked ahead, each at its distance.
 *
 * It is held for at least a round, the time in which as many queries are sent as there are slots. Otherwise
 * short leases could follow each other at every distance, and the leases' share of the slots would take the
 * whole rate.
 */
export async function leaseSlot(db: Db, scopes: PaceScopes, terms: LeaseTerms): Promise<SlotLease> {
  const { heldMs, keptShare, horizonMs, holder } = terms;
  const parameters = [
    ...slotStateParameters(scopes),
    heldMs,
    keptShare,
    horizonMs,
    holder?.name ?? null,
    holder?.share ?? 1,
  ];
  return withTransaction(db, async (tx) => {
    await lockScopes(tx, scopes);
    await makeSlots(tx, scopes);
    const { rows } = await tx.query<Leasing>(LEASE, parameters);
    if (rows[0] === undefined) throw new Error('nothing came back about the slots of a scope');
    return toLease(rows[0]);
  });
}

type Leasing = {
  leases: boolean;
  paused_ms: number;
  wait_ms: number;
  at_ms: number;
  full_ms: number;
  reason: string | null;
};

const LEASE = `
with ${SLOT_STATE}, leasable as (
  select scope.name, scope.slots - greatest(1, ceil(scope.slots * $5::float8)) as slots from scope
), ruled as (
  select scope.name, scope.free, scope.paused_ms, scope.pause_reason, scope.next_slot_at,
         ${FREE_MS} as free_ms,
         case when lease.held < leasable.slots then 0 else ${untilMs('lease.ends_at')} end as full_ms,
         case when lease.own < ceil(leasable.slots * $8::float8) then 0
              else ${untilMs('lease.own_ends_at')} end as own_full_ms,
         lease.held < leasable.slots and lease.own < ceil(leasable.slots * $8::float8) as may_lease
  from scope cross join moment
  join leasable on leasable.name = scope.name
  cross join lateral (
    select count(*) as held, min(query_slots.held_until) as ends_at,
           count(*) filter (where query_slots.leased_to = $7) as own,
           min(query_slots.held_until) filter (where query_slots.leased_to = $7) as own_ends_at
    from query_slots
    where query_slots.scope = scope.name and query_slots.leased and query_slots.held_until > moment.now
  ) as lease
), booked as (
  select bool_and(ruled.free is not null and ruled.may_lease and ruled.paused_ms <= 0) as leases,
         max(ruled.paused_ms) as paused_ms,
         greatest(max(ruled.next_slot_at), max(moment.now)) as at,
         max(greatest(ruled.free_ms, ruled.full_ms, ruled.own_full_ms)) as full_ms,
         (array_agg(ruled.pause_reason order by ruled.paused_ms desc))[1] as reason
  from ruled cross join moment
), standing as (
  select booked.leases and ahead.ms <= $6::float8 as leases, booked.paused_ms, booked.at, booked.reason,
         ahead.ms as wait_ms, greatest(booked.full_ms, ahead.ms - $6::float8) as full_ms
  from booked cross join moment
  cross join lateral (select ${untilMs('booked.at')} as ms) as ahead
), moved as (
  update query_pace set next_slot_at = standing.at + scope.spacing_ms * interval '1 millisecond'
  from scope, standing
  where query_pace.account = scope.name and standing.leases
), held as (
  update query_slots
  set held_until = standing.at + greatest($4::float8, scope.slots * scope.spacing_ms) * interval '1 millisecond',
      holder = null, leased = true, granted = false, leased_to = $7
  from scope, standing
  where query_slots.scope = scope.name and query_slots.slot = scope.free and standing.leases
)
select standing.leases, standing.paused_ms, standing.full_ms, standing.reason, standing.wait_ms,
       extract(epoch from standing.at)::float8 * 1000 as at_ms
from standing`;

/** How long until then. */
function untilMs(instant: string): string {
  return `extract(epoch from ${instant} - moment.now)::float8 * 1000`;
}

function toLease({ leases, paused_ms, wait_ms, at_ms, full_ms, reason }: Leasing): SlotLease {
  if (leases) return { kind: 'leased', atMs: unixMs(Math.ceil(at_ms)), waitMs: wait_ms };
  if (paused_ms > 0) return { kind: 'paused', waitMs: paused_ms, reason: reason ?? '' };
  return { kind: 'full', waitMs: Math.max(full_ms, 1) };
}
