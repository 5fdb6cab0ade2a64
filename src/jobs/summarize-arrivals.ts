import type { AccountState, AskableState } from '../asking/account-states.js';
import { iso } from '../evidence/instant.js';
import type { ArrivalKind, LastHeard, RejectionReason } from '../evidence/rejection.js';

/** All instants are ISO 8601; null where there was none. */
export type ReceiverSummary = {
  /** The last signed notification, the console's tests aside. */
  lastNoticeAt: string | null;
  lastTestAt: string | null;
  /** The last of each app and reason, newest first; `appId` is null where the address names no configured app. */
  rejections: readonly { appId: string | null; reason: RejectionReason; lastAt: string; advice: string }[];
};

type Askable = {
  /** `refused`: Agora answers 401 or 403; `unreachable`: it answers nothing; `paused`: it says to wait. */
  state: AskableState['state'];
  reason: string | null;
  since: string | null;
  /** What to do about it. */
  advice: string | null;
};

export type AccountSummary = Askable & {
  name: string;
  apps: readonly (Askable & {
    appId: string;
    lastNoticeAt: string | null;
    lastTestAt: string | null;
    lastRejectedAt: string | null;
  })[];
};

export function receiverSummary(heard: readonly LastHeard[]): ReceiverSummary {
  const rejections = heard.flatMap((one) =>
    one.kind === 'rejected'
      ? [{ appId: one.appId, reason: one.reason, lastAt: iso(one.atMs), advice: one.advice }]
      : [],
  );
  return { lastNoticeAt: lastOf(heard, 'notice'), lastTestAt: lastOf(heard, 'test'), rejections };
}

export function accountSummaries(states: readonly AccountState[], heard: readonly LastHeard[]): AccountSummary[] {
  return states.map(({ apps, ...account }) => ({
    name: account.name,
    ...askable(account),
    apps: apps.map((app) => {
      const ofApp = heard.filter(({ appId }) => appId === app.appId);
      return {
        appId: app.appId,
        ...askable(app),
        lastNoticeAt: lastOf(ofApp, 'notice'),
        lastTestAt: lastOf(ofApp, 'test'),
        lastRejectedAt: lastOf(ofApp, 'rejected'),
      };
    }),
  }));
}

function askable({ state, reason, sinceMs, advice }: AskableState): Askable {
  return { state, reason, since: sinceMs === null ? null : iso(sinceMs), advice };
}

/** They come newest first. */
function lastOf(heard: readonly LastHeard[], kind: ArrivalKind | 'rejected'): string | null {
  const last = heard.find((one) => one.kind === kind);
  return last === undefined ? null : iso(last.atMs);
}
