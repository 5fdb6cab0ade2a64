import type { HeldEndpoint } from '../../db/webhooks/held-endpoints.js';
import type { SessionEvent } from '../../sessions/views/webhook-events.js';
import type { FeedStep } from '../feed-window.js';
import { webhookId } from '../notices.js';
import { hold, openChain, type Chain, type Pending } from './chain.js';
import { touch, type RunState } from './run-state.js';

/** Of one session in memory; the others stay in the feed. */
export const LONGEST_QUEUE = 20;

/** The types of a version that an endpoint is to be told of, in their order. */
export function wantedOf(
  { types, appIds }: Pick<HeldEndpoint, 'types' | 'appIds'>,
  { types: happened, change }: FeedStep,
): readonly SessionEvent[] {
  const { appId } = change.session;
  if (appIds.length > 0 && (appId === null || !appIds.includes(appId))) return [];
  return types.length === 0 ? happened : happened.filter((type) => types.includes(type));
}

/** Takes what the endpoint wants of a version into its session's chain, or leaves it in the feed. */
export function takeStep(run: RunState, step: FeedStep): void {
  const wanted = wantedOf(run.endpoint, step);
  if (wanted.length === 0) return;
  const { sid } = step.change;
  const chain = run.chains.get(sid) ?? openChain(sid);
  run.chains.set(sid, chain);
  if (chain.held) return;
  const last = chain.queue.at(-1);
  if (chain.queue.length >= LONGEST_QUEUE && last !== undefined && last.cursor !== null) {
    hold(chain, { cursor: last.cursor, type: null });
    touch(run, chain);
    return;
  }
  queueDeliveries(run, chain, step, wanted);
  if (chain.marked) touch(run, chain); // its first is kept in place of the cursor
}

export function queueDeliveries(run: RunState, chain: Chain, step: FeedStep, types: readonly SessionEvent[]): void {
  for (const type of types) chain.queue.push(pendingOf(run.endpoint, step, type));
  run.queued += types.length;
}

function pendingOf(endpoint: HeldEndpoint, step: FeedStep, type: SessionEvent): Pending {
  const { change, cursor } = step;
  // A restored database gives a cursor to another version: then it is another message.
  const id = webhookId(endpoint.id, change.cursor, type, change.sid, String(change.version), String(change.atMs));
  return { id, type, cursor, version: change.version, step, body: null, tries: 0, nextTryMs: null, attempts: [] };
}
