import type { PaceScopes } from '../db/schedule/pace-scopes.js';
import { slotSpacingMs, slotsOf } from '../reconcile/pacing.js';

/** One Agora account as the jobs need it: the budget that a query is paid from, and its credentials. */
export type Account = {
  name: string;
  customerId: string;
  customerSecret: string;
  /** Queries a second that Agora allows the account. */
  limit: number;
  /** The part of them that this service may use. */
  perSecond: number;
  appIds: readonly string[];
  /** The same two limits for single apps, where Agora counts by app. */
  appLimits: ReadonlyMap<string, { limit: number; perSecond: number }>;
};

/** The name of an app's row in `query_pace`, beside that of its account. */
export function appScope(account: string, appId: string): string {
  return `${account}/${appId}`;
}

/** The scopes in which a query about a session of the app takes a slot. */
export function paceScopes({ name, limit, perSecond, appLimits }: Account, appId: string): PaceScopes {
  const account = { name, spacingMs: slotSpacingMs(perSecond), slots: slotsOf(limit) };
  const ofApp = appLimits.get(appId);
  if (ofApp === undefined) return [account];
  const spacingMs = slotSpacingMs(ofApp.perSecond);
  return [account, { name: appScope(name, appId), spacingMs, slots: slotsOf(ofApp.limit) }];
}
