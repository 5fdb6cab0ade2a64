import { pauseAccount } from '../db/schedule/query-pace.js';
import {
  bringForward,
  clearRefusals,
  saveAccountRefusal,
  saveAppRefusal,
  releaseClaimsOfApp,
} from '../db/schedule/refusals.js';
import { readRefusals } from '../db/schedule/refused.js';
import type { Db } from '../db/connection/database.js';
import type { UnixMs } from '../evidence/instant.js';
import { appScope, type Account } from './account.js';
import type { AskContext } from './ask-context.js';

/** How often one query tries whether a refusal still holds: only a person can fix its cause. */
export const PROBE_EVERY_MS = 60_000;

/**
 * How many refused apps make a refused account. A single one may simply belong to another account, unless it
 * is the account's only app.
 */
function neededApps({ appIds }: Account): number {
  return Math.min(2, appIds.length);
}

type Asked = { sid: string; appId: string };

/** An app, or an account, that Agora answers 401 or 403 to. `appId` is null for the account as a whole. */
export type Refused = { account: string; appId: string | null; sinceMs: UnixMs; advice: string };

/** Records a 401 or 403, and logs it when an app or an account counts as refused from now on. */
export async function recordRefusal({ db, log }: AskContext, account: Account, { sid, appId }: Asked): Promise<void> {
  const { name, appIds } = account;
  const began = await saveAppRefusal(db, appScope(name, appId), appId, sid);
  if (began) {
    await releaseClaimsOfApp(db.pool, appId);
    log.error({ account: name, appId, sid, advice: adviceOnApp(appId) }, 'app.refused');
  }
  const scopes = appIds.map((id) => appScope(name, id));
  const whole = await saveAccountRefusal(db, name, scopes, neededApps(account));
  if (whole === 'not') return;
  await pauseAccount(db, name, PROBE_EVERY_MS, 'unauthorized');
  if (whole === 'began') log.error({ account: name, advice: ADVICE_ON_ACCOUNT }, 'account.refused');
}

/** Records a normal answer: neither the app nor its account is refused any more. */
export async function recordAcceptance(
  { db, log, now }: AskContext,
  { name, appIds }: Account,
  { appId }: Asked,
): Promise<void> {
  const scopes = appIds.map((id) => appScope(name, id));
  const ended = await clearRefusals(db, name, appScope(name, appId), scopes);
  if (ended.app) {
    await bringForward(db.pool, appId, now());
    log.info({ account: name, appId }, 'app.accepted');
  }
  if (ended.account) log.info({ account: name }, 'account.accepted');
}

/** The refused accounts and apps, each account before its apps. */
export async function readRefused(db: Db, accounts: readonly Account[]): Promise<Refused[]> {
  const refusals = await readRefusals(db.pool);
  return accounts.flatMap(({ name, appIds }) => {
    const of = (scope: string, appId: string | null, advice: string): Refused[] => {
      const sinceMs = refusals.get(scope);
      return sinceMs === undefined ? [] : [{ account: name, appId, sinceMs, advice }];
    };
    const apps = appIds.flatMap((appId) => of(appScope(name, appId), appId, adviceOnApp(appId)));
    return [...of(name, null, ADVICE_ON_ACCOUNT), ...apps];
  });
}

const ADVICE_ON_ACCOUNT =
  'Agora refuses every app of this account (401 or 403): check its customer id and secret, and that cloud recording and the RESTful API are enabled for it. One query a minute tries it again.';

function adviceOnApp(appId: string): string {
  return `Agora refuses queries about app ${appId} (401 or 403): check that it belongs to the account it is configured under. Its sessions are not asked about meanwhile, but for one query a minute that tries it again.`;
}
