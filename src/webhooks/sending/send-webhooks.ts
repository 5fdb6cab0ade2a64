import { readWork } from '../../db/webhooks/held-endpoints.js';
import { logSparingly } from '../../observability/log-sparingly.js';
import { createComposer } from '../compose-delivery.js';
import { createFeedWindow } from '../feed-window.js';
import { createRouter, type RouteChanges } from '../route-changes.js';
import type { SendContext, Sending } from './sending.js';
import { stopSending } from './stop-sending.js';
import { takeMore } from './take-endpoints.js';
import { createTurns, giveUpAndTake } from './turns.js';

export type WebhookSender = {
  /** Looks for what is to be sent. May be called at any time, by any number of processes. */
  wake: () => Promise<void>;
  /** There is something new in the feed. Whether anybody may want it. */
  nudge: () => boolean;
  close: () => Promise<void>;
};

/** Of the feed, looked through by one job. */
const MOST_PAGES = 20;

/**
 * Sends from this process. A job only wakes it; what is to be sent, and who sends it, is in Postgres: an endpoint has
 * one holder at a time, which is why its deliveries keep their order. Whoever dies or cannot reach Postgres loses its
 * endpoints to the next that looks, who goes on from the cursor that was saved last.
 * Ours: docs/decisions/037-one-process-at-a-time-sends-to-an-endpoint.md
 */
export function createWebhookSender(context: SendContext): WebhookSender {
  const sending = openSending(context);
  const turns = createTurns(sending);
  const route = createRouter(context.db, sending.window);
  sending.onNews = turns.start;
  let waking: Promise<void> | null = null;
  let isAnyKnown = false;

  async function wakeOnce(): Promise<void> {
    const work = await readWork(context.db.pool, context.now());
    isAnyKnown = work.any;
    if (!work.any || sending.closed) return;
    const isRouted = work.news && (await routeAll(route));
    if (sending.lease !== null) await giveUpAndTake(sending, sending.lease);
    if (work.due || isRouted) await takeMore(sending);
  }

  return {
    wake: () => {
      waking ??= wakeOnce().finally(() => (waking = null));
      return waking;
    },
    nudge: () => {
      turns.pollSoon();
      if (sending.held.size > 0) turns.start();
      return isAnyKnown;
    },
    close: async () => {
      sending.closed = true;
      await Promise.allSettled([waking, turns.stop()]);
      if (sending.lease !== null) await stopSending(sending, sending.lease);
    },
  };
}

/** Looks through what is new in the feed. Returns whether there was anything. */
async function routeAll(route: RouteChanges): Promise<boolean> {
  for (let page = 0; page < MOST_PAGES; page += 1) if (!(await route())) return page > 0;
  return true;
}

function openSending(context: SendContext): Sending {
  const { db, log } = context;
  return {
    context,
    window: createFeedWindow(db),
    compose: createComposer(db, context.render),
    lease: null,
    leasing: null,
    held: new Map(),
    gone: new Set(),
    saving: false,
    savedAt: 0,
    givingUp: null,
    closed: false,
    onFailed: logSparingly(log, 'warn', 'webhooks.not_sent'),
    onKeyMissing: logSparingly(log, 'error', 'secrets_key.missing'),
    onNews: () => undefined,
  };
}
