import type { QueryAnswer } from '../agora/query-client.js';
import { pauseAccount, slowDown, speedUp } from '../db/schedule/query-pace.js';
import type { Account } from './account.js';
import type { AskContext } from './ask-context.js';
import { recordAcceptance, recordRefusal } from './refusals.js';

/** After a 429 that names no time. */
const THROTTLED_PAUSE_MS = 1_000;

/** Adjusts the pace of the whole account after one answer. */
export async function adjustPace(
  context: AskContext,
  account: Account,
  asked: { sid: string; appId: string },
  { outcome, usedUpForMs }: QueryAnswer,
): Promise<void> {
  const { db, client } = context;
  const { name } = account;
  if (usedUpForMs !== null) await pauseAccount(db, name, usedUpForMs, 'quota');
  switch (outcome.kind) {
    case 'throttled':
      await slowDown(db, name);
      await pauseAccount(db, name, outcome.retryAfterMs ?? THROTTLED_PAUSE_MS, 'throttled');
      return;
    case 'unauthorized':
      await recordRefusal(context, account, asked);
      return;
    case 'no_route':
      context.errorEvents.noRoute(`account ${name}: Agora has no such address; correct AGORA_BASE_URLS`, {
        account: name,
      });
      return;
    case 'unavailable':
      if (client.unreachableForMs() > 0) await pauseUnreachable(context, account);
      return;
    case 'answered':
    case 'not_found':
    case 'bad_request':
    case 'incomplete':
      await speedUp(db, name);
      await recordAcceptance(context, account, asked);
      return;
  }
}

/** Pauses the account in all processes until one of the hosts may be tried again; returns for how long. */
export async function pauseUnreachable({ db, client, errorEvents }: AskContext, { name }: Account): Promise<number> {
  const forMs = client.unreachableForMs();
  if (forMs > 0) {
    errorEvents.unreachable(`account ${name}: no base URL answers`, { account: name, pausedForMs: forMs });
    await pauseAccount(db, name, forMs, 'unreachable');
  }
  return forMs;
}
