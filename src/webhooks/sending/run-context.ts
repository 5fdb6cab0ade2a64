import type { HeldEndpoint } from '../../db/webhooks/held-endpoints.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Posted } from '../post-delivery.js';
import type { RunContext } from '../run/run-state.js';
import { tellOfFailing } from '../tell-of-failing.js';
import type { HoldingLease, Sending } from './sending.js';

/** What an endpoint's run sends with, and how what comes of it is counted, logged and told. */
export function createRunContext(sending: Sending, { poster }: HoldingLease): RunContext {
  const { db, now, log, scheduleMs, userAgent } = sending.context;
  const { window, compose, onNews } = sending;
  return {
    ...{ db, now, log, window, compose, scheduleMs, userAgent, onNews },
    post: poster.post,
    onTried: (posted) => countTry(sending, posted),
    onFailing: (endpoint, why, sinceMs) => noteFailing(sending, endpoint, why, sinceMs),
    onGone: (endpoint) => noteGone(sending, endpoint),
  };
}

function countTry({ context: { metrics } }: Sending, { status, error, tookMs }: Posted): void {
  const result = error === null ? 'delivered' : status === null ? 'no_answer' : 'refused';
  metrics.webhookTries.inc({ result });
  metrics.webhookDuration.observe(tookMs / 1000);
}

function noteFailing(sending: Sending, endpoint: HeldEndpoint, why: string, sinceMs: UnixMs): void {
  const { db, log, metrics, now } = sending.context;
  metrics.webhookProblems.inc({ kind: 'failing' });
  log.warn({ endpoint: endpoint.id, why }, 'webhook.failing');
  tellOfFailing(db, endpoint, why, sinceMs, now()).catch(sending.onFailed);
}

function noteGone({ context: { log, metrics }, gone }: Sending, { id }: HeldEndpoint): void {
  metrics.webhookProblems.inc({ kind: 'gone' });
  log.warn({ endpoint: id }, 'webhook.gone');
  gone.add(id);
}
