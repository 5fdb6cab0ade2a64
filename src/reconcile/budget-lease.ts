import type { UnixMs } from '../evidence/instant.js';

export type LeaseRequest = {
  appId: string;
  count: number;
  /** Within how long of its moment a call leaves and is answered. */
  forMs: number;
  /** Who asks; null where there is nobody else who could. */
  caller: string | null;
};

/**
 * Slots of an app's budget for somebody else's calls: each allows one call that leaves, and is
 * answered, within `forMs` of its moment.
 * Ours: docs/decisions/014-slots-that-are-held.md
 */
export type BudgetLease =
  | { kind: 'leased'; account: string; slots: readonly LeasedTime[]; forMs: number }
  /** Nothing may be called for this long. */
  | { kind: 'paused'; waitMs: number; reason: string }
  /** Leases hold all that queries, or other callers, leave; come again in `waitMs`. */
  | { kind: 'full'; waitMs: number }
  | { kind: 'unknown_app' };

export type LeasedTime = { atMs: UnixMs; waitMs: number };
