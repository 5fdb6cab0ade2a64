import { listChangesOf, withVersionsBefore } from '../../db/sessions/version-pairs.js';
import { plusMs, type UnixMs } from '../../evidence/instant.js';
import type { SessionEvent } from '../../sessions/views/webhook-events.js';
import { toStep, type FeedStep } from '../feed-window.js';
import type { Posted } from '../post-delivery.js';
import { signedHeaders } from '../signature.js';
import type { Chain, Pending } from './chain.js';
import type { RunState } from './run-state.js';
import { settleTry } from './settle-try.js';

/** Makes one try, and notes what came of it. */
export async function tryDelivery(run: RunState, chain: Chain, pending: Pending): Promise<void> {
  const { context } = run;
  const atMs = context.now();
  try {
    const body = await bodyOf(run, chain, pending);
    if (body === null) {
      settleTry(run, chain, pending, { posted: notKept(), atMs, isLast: true });
      return;
    }
    const posted = await post(run, pending.id, body, atMs);
    if (run.stopped && posted.status === null) return; // this process broke it off
    context.onTried(posted);
    settleTry(run, chain, pending, { posted, atMs, isLast: false });
  } catch (error) {
    // Postgres is away: it was not tried.
    context.log.debug({ err: error, endpoint: run.endpoint.id }, 'webhook.not_made');
    pending.nextTryMs = plusMs(context.now(), 1_000);
    run.breaker.gaveUp();
  }
}

function post({ context, endpoint, secrets }: RunState, id: string, body: string, atMs: UnixMs): Promise<Posted> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': context.userAgent,
    ...signedHeaders({ id, body }, secrets, atMs),
  };
  return context.post(endpoint.url, headers, body);
}

/** Null where the version that it tells of is not kept any more. */
async function bodyOf({ context }: RunState, { sid }: Chain, pending: Pending): Promise<string | null> {
  if (pending.body !== null) return pending.body;
  if (pending.step === null && sid !== null && pending.cursor !== null) {
    pending.step = await readStep(context, sid, pending.cursor);
  }
  return pending.step === null ? null : context.compose(pending.step, pending.type as SessionEvent);
}

async function readStep({ db }: RunState['context'], sid: string, cursor: bigint): Promise<FeedStep | null> {
  const found = await listChangesOf(db.pool, sid, cursor, cursor, 1);
  const [pair] = await withVersionsBefore(db.pool, found);
  return pair === undefined ? null : toStep(pair);
}

function notKept(): Posted {
  const error = 'This version is not kept any more (CHANGES_DAYS); later ones are delivered.';
  return { status: null, error, answer: null, tookMs: 0 };
}
