import type { UnixMs } from './instant.js';

/** Why the receiver refused what came. Nothing of it is kept: it is counted by this name. */
export const REJECTION_REASONS = [
  'unknown_app',
  'no_signature',
  'malformed_signature',
  'wrong_signature',
  'too_large',
  'compressed',
  'wrong_address',
] as const;

export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** `appId` is one that is configured; null where the address names none of those. */
export type Rejection = { reason: RejectionReason; appId: string | null; advice: string };

/** What came with a signature that fits: the console's test, or any other notification, readable or not. */
export type ArrivalKind = 'notice' | 'test';

/** When something of a kind last came to any receiver of this ledger. */
export type LastHeard = { appId: string | null; atMs: UnixMs } & (
  { kind: ArrivalKind } | { kind: 'rejected'; reason: RejectionReason; advice: string }
);
