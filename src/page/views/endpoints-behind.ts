import type { LedgerClient, Webhook } from '../../client/index.js';
import { duration } from '../state/format.js';

export type Behind = { id: string; says: string };

const LOOK_AT = 100;

/** Endpoints of outgoing webhooks that take nothing just now, or are paused because they said that they are gone. */
export async function endpointsBehind({ webhooks }: LedgerClient, signal: AbortSignal): Promise<Behind[]> {
  for await (const page of webhooks.list({ limit: LOOK_AT, signal }).pages()) {
    return page.webhooks.flatMap((webhook) => {
      const says = troubleOf(webhook);
      return says === null ? [] : [{ id: webhook.id, says: `Webhook ${hostOf(webhook.url)} ${says}` }];
    });
  }
  return [];
}

/** What keeps an endpoint from being up to date, in words; null where nothing does. */
export function troubleOf({ state, pausedBecause, failingSince, problem }: Webhook): string | null {
  if (pausedBecause === 'gone') return 'answered that it is gone, and is paused';
  if (state === 'paused') return null;
  if (failingSince !== null) return `has taken nothing for ${duration(Date.now() - Date.parse(failingSince))}`;
  return problem === null ? null : `has a problem: ${problem}`;
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
