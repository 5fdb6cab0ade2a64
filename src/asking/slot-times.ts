import type { WireEnd } from '../agora/query-client.js';

/** The length of Agora's window: a slot is held for this long after the answer. */
export const HELD_AFTER_ANSWER_MS = 1_000;

/**
 * How much longer a query's slot is held after the query has ended. A query that timed out may still be on
 * its way; we assume that the network delivers or loses it within the same time again.
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
 * How long a slot is held if its process is killed. A query is sent within its timeout after the slot was
 * taken, and arrives within the same time again, or never.
 */
export function slotLeaseMs(queryTimeoutMs: number): number {
  return queryTimeoutMs + heldAfterMs('timed_out', queryTimeoutMs);
}
