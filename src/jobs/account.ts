import type { PaceScope } from '../db/query-pace.js';
import { slotSpacingMs } from '../reconcile/pacing.js';

/** One Agora account as the jobs need it: whose budget a query is paid from, and how it is signed for. */
export type Account = {
  name: string;
  customerId: string;
  customerSecret: string;
  /** Queries a second that this service may use of the account's limit. */
  perSecond: number;
  appIds: readonly string[];
  /** The same of single apps, where Agora counts by app. */
  appPerSecond: ReadonlyMap<string, number>;
};

/** What a query about a session of the app takes a slot of. */
export function paceScopes(
  { name, perSecond, appPerSecond }: Account,
  appId: string,
): readonly [PaceScope, ...PaceScope[]] {
  const ofApp = appPerSecond.get(appId);
  const account = { name, spacingMs: slotSpacingMs(perSecond) };
  if (ofApp === undefined) return [account];
  return [account, { name: `${name}/${appId}`, spacingMs: slotSpacingMs(ofApp) }];
}
