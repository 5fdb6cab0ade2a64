import type { UnixMs } from '../evidence/instant.js';

export type LeaseRequest = {
  appId: string;
  count: number;
  /** Each call is sent and answered within this time from its slot's moment. */
  forMs: number;
  /** The API key that asks; null where only one key may lease. */
  caller: string | null;
};

/**
 * Slots of an app's budget for another service's calls: each allows one call that is sent and answered within
 * `forMs` of its moment.
 * Ours: docs/decisions/014-slots-that-are-held.md
 */
export type BudgetLease =
  | { kind: 'leased'; account: string; slots: readonly LeasedTime[]; forMs: number }
  /** No call may be made for this long. */
  | { kind: 'paused'; waitMs: number; reason: string }
  /** Leases already hold all slots that queries and other callers leave; try again in `waitMs`. */
  | { kind: 'full'; waitMs: number }
  | { kind: 'unknown_app' };

export type LeasedTime = { atMs: UnixMs; waitMs: number };
