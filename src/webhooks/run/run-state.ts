import type { Logger } from 'pino';
import type { Db } from '../../db/connection/database.js';
import type { HeldEndpoint, WaitingDelivery } from '../../db/webhooks/held-endpoints.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Compose } from '../compose-delivery.js';
import type { FeedWindow } from '../feed-window.js';
import type { Post, Posted } from '../post-delivery.js';
import { waitingChain, type Chain } from './chain.js';
import { createEndpointBreaker, type EndpointBreaker } from './endpoint-breaker.js';

/** What is sent with, and who is told what came of it. */
export type RunContext = {
  db: Pick<Db, 'pool'>;
  now: () => UnixMs;
  log: Logger;
  window: FeedWindow;
  compose: Compose;
  post: Post;
  scheduleMs: readonly number[];
  userAgent: string;
  onTried: (posted: Posted) => void;
  onFailing: (endpoint: HeldEndpoint, why: string, sinceMs: UnixMs) => void;
  onGone: (endpoint: HeldEndpoint) => void;
  /** There is something to save, or to start. */
  onNews: () => void;
};

/** An endpoint as it is in memory while this process sends to it. */
export type RunState = {
  context: RunContext;
  endpoint: HeldEndpoint;
  /** The newest first; each of them signs. */
  secrets: readonly string[];
  breaker: EndpointBreaker;
  /** Of each session that has something to send, and of each notice. */
  chains: Map<string, Chain>;
  /** The chains with something to save. */
  touched: Set<Chain>;
  /** Something happened since the last report. */
  hasNews: boolean;
  /** Up to here it has looked at the feed. */
  read: bigint;
  savedCursor: bigint;
  /** Deliveries on their way. */
  inFlight: number;
  /** Deliveries in all chains. */
  queued: number;
  /** Starts nothing any more. */
  stopped: boolean;
  reading: boolean;
  deliveredMs: UnixMs | null;
  failingSinceMs: UnixMs | null;
  failingTold: boolean;
};

export function openRunState(
  context: RunContext,
  endpoint: HeldEndpoint,
  secrets: readonly string[],
  waiting: readonly WaitingDelivery[],
): RunState {
  const chains = chainsOf(waiting);
  return {
    context,
    endpoint,
    secrets,
    breaker: createEndpointBreaker(Math.max(context.scheduleMs[0] ?? 0, 100)),
    chains,
    touched: new Set(),
    hasNews: false,
    read: endpoint.cursor,
    savedCursor: endpoint.cursor,
    inFlight: 0,
    queued: [...chains.values()].reduce((sum, { queue }) => sum + queue.length, 0),
    stopped: false,
    reading: false,
    deliveredMs: null,
    failingSinceMs: endpoint.failingSinceMs,
    failingTold: endpoint.failingTold,
  };
}

function chainsOf(waiting: readonly WaitingDelivery[]): Map<string, Chain> {
  const bySession = new Map<string, WaitingDelivery[]>();
  for (const one of waiting) {
    const key = one.sid ?? noticeKey(one.id);
    bySession.set(key, [...(bySession.get(key) ?? []), one]);
  }
  return new Map([...bySession].map(([key, rows]) => [key, waitingChain(rows)]));
}

export function keyOf(chain: Chain): string {
  return chain.sid ?? noticeKey(chain.queue[0]?.id ?? chain.done[0]?.pending.id ?? '');
}

function noticeKey(id: string): string {
  return `notice ${id}`;
}

/** Something of this chain is to be saved. */
export function touch(run: RunState, chain: Chain): void {
  run.touched.add(chain);
  run.hasNews = true;
}

/** When it has something to do by itself; null if it waits for the feed alone. */
export function nextTryMs({ chains, context }: RunState): UnixMs | null {
  const heads = [...chains.values()].flatMap(({ queue }) => queue.slice(0, 1));
  const times = heads.map((head) => head.nextTryMs ?? context.now());
  return times.length === 0 ? null : times.reduce((a, b) => (a <= b ? a : b));
}
