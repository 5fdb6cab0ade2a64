import type { UnixMs } from '../evidence/instant.js';

/**
 * Slots of an app's budget for somebody else's calls: each allows one call that leaves, and is
 * answered, within `forMs` of its moment.
 */
export type BudgetLease =
  | { kind: 'leased'; account: string; slots: readonly LeasedSlot[]; forMs: number }
  /** Nothing may be called for this long. */
  | { kind: 'paused'; waitMs: number; reason: string }
  /** Leases hold all that queries leave them; the next ends in `waitMs`. */
  | { kind: 'full'; waitMs: number }
  | { kind: 'unknown_app' };

export type LeasedSlot = { atMs: UnixMs; waitMs: number };
