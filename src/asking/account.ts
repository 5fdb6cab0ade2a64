import type { PaceScopes } from '../db/schedule/pace-scopes.js';
import { slotSpacingMs, slotsOf } from '../reconcile/pacing.js';

/** One Agora account as the jobs need it: whose budget a query is paid from, and how it is signed for. */
export type Account = {
  name: string;
  customerId: string;
  customerSecret: string;
  /** Queries a second that Agora allows the account. */
  limit: number;
  /** Those that this service may use of them. */
  perSecond: number;
  appIds: readonly string[];
  /** The same two of single apps, where Agora counts by app. */
  appLimits: ReadonlyMap<string, { limit: number; perSecond: number }>;
};

/** The row that tells what is known of one app, beside that of its account. */
export function appScope(account: string, appId: string): string {
  return `${account}/${appId}`;
}

/** What a query about a session of the app takes a slot of. */
export function paceScopes({ name, limit, perSecond, appLimits }: Account, appId: string): PaceScopes {
  const account = { name, spacingMs: slotSpacingMs(perSecond), slots: slotsOf(limit) };
  const ofApp = appLimits.get(appId);
  if (ofApp === undefined) return [account];
  const spacingMs = slotSpacingMs(ofApp.perSecond);
  return [account, { name: appScope(name, appId), spacingMs, slots: slotsOf(ofApp.limit) }];
}
