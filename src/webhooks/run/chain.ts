import type { DeliveryAttempt } from '../../db/webhooks/deliveries.js';
import type { WaitingDelivery } from '../../db/webhooks/held-endpoints.js';
import type { UnixMs } from '../../evidence/instant.js';
import { SESSION_EVENTS, type SessionEvent } from '../../sessions/views/webhook-events.js';
import type { FeedStep } from '../feed-window.js';

/** A delivery on its way. `step` is null until it is read, and for what is not in the feed. */
export type Pending = {
  id: string;
  type: string;
  cursor: bigint | null;
  version: number | null;
  step: FeedStep | null;
  /** Of what is not in the feed. */
  body: string | null;
  tries: number;
  nextTryMs: UnixMs | null;
  attempts: readonly DeliveryAttempt[];
};

/** A place in a session's deliveries: after the delivery of that type of that version, or after the whole version. */
export type Place = { cursor: bigint; type: string | null };

/**
 * The deliveries of one session to one endpoint, of which one is on its way at a time.
 *
 * *open*: what the feed brings is added. *held*: something failed, or too much waits: later versions stay in the feed,
 * and are read from `after` on once the queue is empty. *marked*: its first delivery is kept in the database, because
 * the endpoint's cursor goes past it; the session goes on from there whatever happens to this process.
 */
export type Chain = {
  sid: string | null;
  queue: Pending[];
  busy: boolean;
  held: boolean;
  marked: boolean;
  after: Place | null;
  /** What is done and not yet saved. */
  done: DonePending[];
};

export type DonePending = { pending: Pending; state: 'delivered' | 'parked'; atMs: UnixMs };

export function openChain(sid: string | null): Chain {
  return { sid, queue: [], busy: false, held: false, marked: false, after: null, done: [] };
}

/** The chain of what waits in the database, all of it of one session. */
export function waitingChain(rows: readonly WaitingDelivery[]): Chain {
  const sorted = rows.toSorted((a, b) => compare(a.cursor ?? 0n, b.cursor ?? 0n) || order(a.type) - order(b.type));
  const sid = sorted[0]?.sid ?? null;
  const after = sid === null ? null : lastPlace(sorted);
  return { sid, queue: sorted.map(toPending), busy: false, held: sid !== null, marked: true, after, done: [] };
}

function toPending(row: WaitingDelivery): Pending {
  const { id, type, cursor, version, body, tries, nextTryMs, attempts } = row;
  return { id, type, cursor, version, step: null, body, tries, nextTryMs, attempts };
}

/** Where the session goes on: after what was sent in other ways meanwhile, or else after what waits. */
function lastPlace(rows: readonly WaitingDelivery[]): Place {
  const places = rows.map(({ resumeAfter, cursor, type }): Place => {
    return resumeAfter === null ? { cursor: cursor ?? 0n, type } : { cursor: resumeAfter, type: null };
  });
  return places.reduce((last, place) => (isLater(place, last) ? place : last));
}

function isLater(a: Place, b: Place): boolean {
  return compare(a.cursor, b.cursor) > 0 || (a.cursor === b.cursor && order(a.type) > order(b.type));
}

/** Whether that type of that version comes after the place. */
export function comesAfter(place: Place, cursor: bigint, type: SessionEvent): boolean {
  return isLater({ cursor, type }, place);
}

/** Later versions stay in the feed from now on. */
export function hold(chain: Chain, after: Place): void {
  chain.held = true;
  chain.marked = true;
  chain.after = after;
}

function order(type: string | null): number {
  return type === null ? SESSION_EVENTS.length : SESSION_EVENTS.indexOf(type as SessionEvent);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
