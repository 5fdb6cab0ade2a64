export { createClient, type LedgerClient } from './create-client.js';
export { LedgerError, LedgerUnreachableError } from './ledger-error.js';
export type { FollowedChange, FollowOptions, Retry } from './follow-changes.js';
export type { Paged } from './paged.js';
export type { Connection } from './send.js';
export type { Sessions } from './sessions.js';
export type * from './types.js';
