import type { Db } from '../db/connection/database.js';
import { readPaceStates, type PaceState } from '../db/schedule/query-pace.js';
import type { UnixMs } from '../evidence/instant.js';
import type { Account } from './account.js';
import { readRefused, type Refused } from './refusals.js';

/** A pause as short as this is part of the pace. */
export const SHORT_PAUSE_MS = 5_000;

/**
 * Whether Agora can be asked about it. `refused`: it answers 401 or 403; `unreachable`: no query of the
 * account was answered since; `paused`: it says to wait.
 */
export type AskableState =
  | { state: 'ok'; reason: null; sinceMs: null; advice: null }
  | { state: 'refused' | 'unreachable' | 'paused'; reason: string; sinceMs: UnixMs; advice: string };

export type AccountState = AskableState & {
  name: string;
  apps: readonly (AskableState & { appId: string })[];
};

const OK: AskableState = { state: 'ok', reason: null, sinceMs: null, advice: null };

/** Each account and each of its apps, with what keeps Agora from being asked about it, and since when. */
export async function readAccountStates(db: Db, accounts: readonly Account[]): Promise<AccountState[]> {
  const [refused, paces] = await Promise.all([readRefused(db, accounts), readPaceStates(db.pool, SHORT_PAUSE_MS)]);
  const refusalOf = (account: string, appId: string | null): AskableState | null => {
    const found = refused.find((one) => one.account === account && one.appId === appId);
    return found === undefined ? null : refusal(found);
  };
  return accounts.map(({ name, appIds }) => ({
    name,
    ...(refusalOf(name, null) ?? silence(paces.get(name)) ?? OK),
    apps: appIds.map((appId) => ({ appId, ...(refusalOf(name, appId) ?? OK) })),
  }));
}

function refusal({ sinceMs, advice }: Refused): AskableState {
  return { state: 'refused', reason: 'unauthorized', sinceMs, advice };
}

function silence(pace: PaceState | undefined): AskableState | null {
  if (pace === undefined) return null;
  const { pause, unansweredSinceMs } = pace;
  if (unansweredSinceMs !== null) {
    const advice =
      'No query of this account was answered since: check the network, AGORA_BASE_URLS and the status page of Agora. It is tried again by itself.';
    return { state: 'unreachable', reason: pause?.reason ?? 'unreachable', sinceMs: unansweredSinceMs, advice };
  }
  if (pause === null) return null;
  const until = new Date(pause.untilMs).toISOString();
  const advice = `Agora said to wait until ${until} (${pause.reason}): others use the limit of this account too, or AGORA_QPS is higher than it.`;
  return { state: 'paused', reason: pause.reason, sinceMs: pause.sinceMs, advice };
}
