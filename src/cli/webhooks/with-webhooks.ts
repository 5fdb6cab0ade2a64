import { pino } from 'pino';
import type { Config } from '../../config/parse-config.js';
import type { Db } from '../../db/connection/database.js';
import { createAllowedHosts } from '../../webhooks/allowed-hosts.js';
import { manageEndpoints, type ManageEndpoints } from '../../webhooks/manage-endpoints.js';
import { orExplain } from '../with-config.js';
import { withLedger } from '../with-ledger.js';

type WebhooksWork = { db: Db; webhooks: ManageEndpoints };

/**
 * Endpoints as the API changes them, in the database itself: the command needs no key of the API, and works while no
 * process runs. Whoever sends looks once a second.
 */
export function withWebhooks(work: (context: WebhooksWork) => Promise<void>): Promise<void> {
  return orExplain(() =>
    withLedger(({ db, now }, config) => work({ db, webhooks: manageEndpoints({ db, now, ...partsOf(config) }) })),
  );
}

function partsOf({ webhooks }: Config) {
  return {
    log: pino({ level: 'warn' }, pino.destination(2)),
    allowed: createAllowedHosts(webhooks.allowedHosts),
    settings: webhooks,
    wake: () => undefined,
  };
}

/** What was asked of an endpoint; throws where there is none of that id. */
export function known<T>(id: string, result: T | null): T {
  if (result === null) throw new Error(`No endpoint ${id} is known; recording-ledger webhooks list shows them.`);
  return result;
}
