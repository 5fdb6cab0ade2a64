import type { UnixMs } from '../evidence/instant.js';

/** Slots of an app's budget for somebody else's calls: each allows one call, from its moment on. */
export type BudgetLease =
  | { kind: 'leased'; account: string; slots: readonly LeasedSlot[] }
  /** Nothing may be called for this long. */
  | { kind: 'paused'; waitMs: number; reason: string }
  | { kind: 'unknown_app' };

export type LeasedSlot = { atMs: UnixMs; waitMs: number };
