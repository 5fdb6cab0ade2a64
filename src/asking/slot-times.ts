import type { WireEnd } from '../agora/query-client.js';

/** Agora's second, which begins anew with each answer: the slot of a query is held so much longer. */
export const HELD_AFTER_ANSWER_MS = 1_000;

/**
 * How much longer the slot of a query is held once it has ended. One that timed out may still be on its
 * way: the network is taken to lose it, or to deliver it, within as long again as was waited for its answer.
 */
export function heldAfterMs(end: WireEnd, queryTimeoutMs: number): number {
  switch (end) {
    case 'never_left':
      return 0;
    case 'answered':
    case 'broken':
      return HELD_AFTER_ANSWER_MS;
    case 'timed_out':
      return queryTimeoutMs + HELD_AFTER_ANSWER_MS;
  }
}

/**
 * How long a slot is held that nobody gives back, its process having been killed: a query leaves within
 * its timeout after its slot was taken, and arrives within as long again, or never.
 */
export function slotLeaseMs(queryTimeoutMs: number): number {
  return queryTimeoutMs + heldAfterMs('timed_out', queryTimeoutMs);
}
