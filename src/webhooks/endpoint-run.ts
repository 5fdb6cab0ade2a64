import type { Logger } from 'pino';
import type { Db } from '../db/connection/database.js';
import { listChangesOf, withVersionsBefore } from '../db/sessions/version-pairs.js';
import type { HeldEndpoint, WaitingDelivery } from '../db/webhooks/held-endpoints.js';
import type { DeliveryOutcome, EndpointProgress } from '../db/webhooks/outcomes.js';
import { plusMs, type UnixMs } from '../evidence/instant.js';
import type { SessionEvent } from '../sessions/views/webhook-events.js';
import { comesAfter, hold, openChain, waitingChain, type Chain, type Pending } from './chain.js';
import type { createComposer } from './compose-delivery.js';
import { createEndpointBreaker } from './endpoint-breaker.js';
import { toStep, type FeedStep, type FeedWindow } from './feed-window.js';
import { webhookId } from './notices.js';
import type { Post, Posted } from './post-delivery.js';
import { signedHeaders } from './signature.js';

/** An endpoint while this process sends to it. */
export type EndpointRun = {
  endpoint: HeldEndpoint;
  /** Reads on, starts what may start, and takes up what is due. */
  pump: () => void;
  /** What is to be saved since it was last asked; call `saved` or `notSaved` with it. */
  collect: () => RunReport;
  saved: (report: RunReport) => void;
  notSaved: (report: RunReport) => void;
  /** Starts nothing any more. */
  stop: () => void;
  isBusy: () => boolean;
  /** Up to here it has looked at the feed. */
  read: () => bigint;
  /** When it has something to do by itself; null if it waits for the feed alone. */
  nextTryMs: () => UnixMs | null;
  /** Something is on its way, or may be started. */
  isActive: () => boolean;
  restUntilMs: () => UnixMs | null;
  isEmpty: () => boolean;
};

export type RunReport = {
  progress: EndpointProgress;
  outcomes: readonly DeliveryOutcome[];
  chains: readonly { chain: Chain; done: Chain['done'] }[];
  hasNews: boolean;
};

export type RunContext = {
  db: Pick<Db, 'pool'>;
  now: () => UnixMs;
  log: Logger;
  window: FeedWindow;
  compose: ReturnType<typeof createComposer>;
  post: Post;
  scheduleMs: readonly number[];
  userAgent: string;
  onTried: (posted: Posted) => void;
  onParked: (endpoint: HeldEndpoint, why: string, sinceMs: UnixMs) => void;
  onGone: (endpoint: HeldEndpoint) => void;
  /** There is something to save, or to start. */
  onNews: () => void;
};

/** On their way to one endpoint at a time. */
const IN_FLIGHT = 16;
/** Read from the feed and not started yet. */
const READ_AHEAD = 100;
/** Of one session in memory; the others stay in the feed. */
const LONGEST_QUEUE = 20;
const KEPT_ATTEMPTS = 10;
const GONE = 410;
/** An endpoint that fails for so long is told of, even if nothing is parked yet. */
const FAILING_FOR_MS = 3_600_000;

export function createEndpointRun(
  context: RunContext,
  endpoint: HeldEndpoint,
  secrets: readonly string[],
  waiting: readonly WaitingDelivery[],
): EndpointRun {
  const { db, now, window, compose, scheduleMs } = context;
  const breaker = createEndpointBreaker(Math.max(scheduleMs[0] ?? 0, 100));
  const chains = new Map<string, Chain>();
  const touched = new Set<Chain>();
  let read = endpoint.cursor;
  let [inFlight, queued, stopped, reading] = [0, 0, false, false];
  let [deliveredMs, failingSinceMs, failingTold] = [
    null as UnixMs | null,
    endpoint.failingSinceMs,
    endpoint.failingTold,
  ];
  let savedCursor = endpoint.cursor;
  let isNews = false;

  for (const [key, rows] of bySession(waiting)) {
    const chain = waitingChain(rows);
    chains.set(key, chain);
    queued += chain.queue.length;
  }

  const keyOf = (chain: Chain): string =>
    chain.sid ?? `notice ${chain.queue[0]?.id ?? chain.done[0]?.pending.id ?? ''}`;

  function pump(): void {
    if (stopped) return;
    startReady();
    if (queued < READ_AHEAD / 2) void readOn();
  }

  function startReady(): void {
    const nowMs = now();
    for (const chain of chains.values()) {
      if (inFlight >= IN_FLIGHT || stopped) return;
      if (chain.busy) continue;
      const [head] = chain.queue;
      if (head === undefined) {
        if (chain.held) void loadHeld(chain);
        continue;
      }
      if (head.nextTryMs === null ? head.tries > 0 : head.nextTryMs > nowMs) continue;
      if (head.tries === 0 && !breaker.mayTry(nowMs)) continue;
      if (head.tries === 0) breaker.tried();
      void tryOnce(chain, head);
    }
  }

  async function tryOnce(chain: Chain, pending: Pending): Promise<void> {
    chain.busy = true;
    inFlight += 1;
    const atMs = now();
    try {
      const body = await bodyOf(chain, pending);
      if (body === null) {
        settle(chain, pending, notKept(), atMs, true);
        return;
      }
      const headers = {
        'content-type': 'application/json',
        'user-agent': context.userAgent,
        ...signedHeaders({ id: pending.id, body }, secrets, atMs),
      };
      const posted = await context.post(endpoint.url, headers, body);
      if (stopped && posted.status === null) return; // this process broke it off
      context.onTried(posted);
      settle(chain, pending, posted, atMs, false);
    } catch (error) {
      // Postgres is away: it was not tried.
      context.log.debug({ err: error, endpoint: endpoint.id }, 'webhook.not_made');
      pending.nextTryMs = plusMs(now(), 1_000);
      breaker.gaveUp();
    } finally {
      inFlight -= 1;
      chain.busy = false;
      pump();
      context.onNews();
    }
  }

  async function bodyOf(chain: Chain, pending: Pending): Promise<string | null> {
    if (pending.body !== null) return pending.body;
    const { sid } = chain;
    if (pending.step === null && sid !== null && pending.cursor !== null) {
      const found = await listChangesOf(db.pool, sid, pending.cursor, pending.cursor, 1);
      const [pair] = await withVersionsBefore(db.pool, found);
      pending.step = pair === undefined ? null : toStep(pair);
    }
    return pending.step === null ? null : compose(pending.step, pending.type as SessionEvent);
  }

  function settle(chain: Chain, pending: Pending, posted: Posted, atMs: UnixMs, forGood: boolean): void {
    const { status, error, answer, tookMs } = posted;
    const attempt = { at: new Date(atMs).toISOString(), tookMs, status, error, answer };
    pending.tries += 1;
    pending.attempts = [...pending.attempts, attempt].slice(-KEPT_ATTEMPTS);
    touch(chain);
    if (error === null) {
      succeed(chain, pending);
      return;
    }
    const nowMs = now();
    failingSinceMs ??= atMs;
    breaker.failed(keyOf(chain), nowMs);
    if (status === GONE) {
      pauseAt(chain, pending);
      return;
    }
    const waitMs = forGood ? undefined : scheduleMs[pending.tries - 1];
    if (waitMs === undefined) finish(chain, pending, 'parked');
    else wait(chain, pending, plusMs(nowMs, waitMs));
    tellIfFailing(waitMs === undefined, pending, error, nowMs);
  }

  function succeed(chain: Chain, pending: Pending): void {
    breaker.succeeded();
    [failingSinceMs, failingTold, deliveredMs] = [null, false, now()];
    finish(chain, pending, 'delivered');
  }

  function finish(chain: Chain, pending: Pending, state: 'delivered' | 'parked'): void {
    chain.queue.shift();
    queued -= 1;
    chain.done.push({ pending, state, atMs: now() });
  }

  function wait(chain: Chain, pending: Pending, nextTryMs: UnixMs | null): void {
    pending.nextTryMs = nextTryMs;
    if (chain.held || chain.sid === null || pending.cursor === null) return;
    queued -= chain.queue.length - 1;
    chain.queue = [pending];
    hold(chain, { cursor: pending.cursor, type: pending.type });
  }

  function pauseAt(chain: Chain, pending: Pending): void {
    wait(chain, pending, null);
    stopped = true;
    context.onGone(endpoint);
  }

  /** Nothing succeeded since before the first try of what is parked now, or for long. */
  function tellIfFailing(isParked: boolean, pending: Pending, why: string, nowMs: UnixMs): void {
    if (failingTold || failingSinceMs === null) return;
    const firstMs = Date.parse(pending.attempts[0]?.at ?? '');
    const isLong = nowMs - failingSinceMs >= FAILING_FOR_MS;
    if (!isLong && !(isParked && failingSinceMs <= firstMs)) return;
    failingTold = true;
    context.onParked(endpoint, why, failingSinceMs);
  }

  async function readOn(): Promise<void> {
    if (reading || stopped || queued >= READ_AHEAD || !breaker.mayTry(now())) return;
    reading = true;
    try {
      const steps = window.peekAfter(read) ?? (await window.readAfter(read));
      for (const step of steps) {
        if (queued >= READ_AHEAD) break;
        take(step);
        read = step.cursor;
        isNews = true;
      }
      if (steps.length > 0) startReady();
    } catch (error) {
      context.log.debug({ err: error, endpoint: endpoint.id }, 'webhook.feed_not_read');
    } finally {
      reading = false;
    }
  }

  function take(step: FeedStep): void {
    const wanted = wantedOf(endpoint, step);
    const [first] = wanted;
    if (first === undefined) return;
    const { sid } = step.change;
    const chain = chains.get(sid) ?? openChain(sid);
    chains.set(sid, chain);
    if (chain.held) return;
    const last = chain.queue.at(-1);
    if (chain.queue.length >= LONGEST_QUEUE && last !== undefined && last.cursor !== null) {
      hold(chain, { cursor: last.cursor, type: null });
      touch(chain);
      return;
    }
    add(chain, step, wanted);
    if (chain.marked) touch(chain); // its first is kept in place of the cursor
  }

  function add(chain: Chain, step: FeedStep, types: readonly SessionEvent[]): void {
    for (const type of types) chain.queue.push(pendingOf(endpoint, step, type));
    queued += types.length;
  }

  /** Takes in what the feed held back of a session; from then on the feed brings it again. */
  async function loadHeld(chain: Chain): Promise<void> {
    const { sid, after } = chain;
    if (sid === null || after === null) return;
    chain.busy = true;
    const through = read;
    try {
      const changes = await listChangesOf(db.pool, sid, after.cursor, through, LONGEST_QUEUE + 1);
      const isAll = changes.length <= LONGEST_QUEUE;
      const pairs = await withVersionsBefore(db.pool, changes.slice(0, LONGEST_QUEUE));
      for (const step of pairs.map(toStep)) {
        add(
          chain,
          step,
          wantedOf(endpoint, step).filter((type) => comesAfter(after, step.cursor, type)),
        );
      }
      const last = pairs.at(-1)?.change.cursor;
      chain.after = isAll ? { cursor: through, type: null } : { cursor: BigInt(last ?? after.cursor), type: null };
      if (isAll && read === through) chain.held = false;
      touch(chain);
    } catch (error) {
      context.log.debug({ err: error, endpoint: endpoint.id, sid }, 'webhook.feed_not_read');
    } finally {
      chain.busy = false;
      context.onNews();
    }
  }

  function touch(chain: Chain): void {
    touched.add(chain);
    isNews = true;
  }

  /** No delivery before this is neither done nor kept. */
  function safeCursor(): bigint {
    let cursor = read;
    for (const { marked, queue } of chains.values()) {
      const first = queue[0]?.cursor ?? null;
      if (!marked && first !== null && first <= cursor) cursor = first - 1n;
    }
    return cursor;
  }

  function collect(): RunReport {
    const reported: { chain: Chain; done: Chain['done'] }[] = [];
    const outcomes: DeliveryOutcome[] = [];
    for (const chain of [...touched]) {
      const [head] = chain.queue;
      // The last that is done stays the mark of a session that goes on, until the next one is known.
      const keepsLast = chain.marked && chain.held && head === undefined;
      const done = keepsLast ? chain.done.slice(0, -1) : chain.done;
      chain.done = keepsLast ? chain.done.slice(-1) : [];
      const mark = keepsLast ? chain.done[0]?.pending : head;
      if (!keepsLast) touched.delete(chain);
      for (const one of done) outcomes.push(outcomeOf(endpoint, chain, one.pending, one.state, one.atMs));
      if (chain.marked && mark !== undefined) outcomes.push(outcomeOf(endpoint, chain, mark, 'waiting', now()));
      reported.push({ chain, done });
    }
    const cursor = safeCursor();
    const progress = {
      id: endpoint.id,
      cursor,
      deliveredMs,
      failingSinceMs,
      failingTold,
    };
    const hasNews = isNews && (outcomes.length > 0 || cursor !== savedCursor);
    isNews = false;
    return { progress, outcomes, chains: reported, hasNews };
  }

  function saved({ progress, chains: reported }: RunReport): void {
    savedCursor = progress.cursor;
    for (const { chain } of reported) {
      const isOver = chain.queue.length === 0 && !chain.held && !chain.busy && chain.done.length === 0;
      if (!isOver) continue;
      for (const [key, one] of chain.sid === null ? chains : [[chain.sid, chains.get(chain.sid)] as const]) {
        if (one === chain) chains.delete(key);
      }
    }
  }

  function notSaved({ chains: reported }: RunReport): void {
    isNews = true;
    for (const { chain, done } of reported) {
      chain.done = [...done, ...chain.done];
      touched.add(chain);
    }
  }

  function nextTryMs(): UnixMs | null {
    const times = [...chains.values()].flatMap(({ queue }) =>
      queue[0] === undefined ? [] : [queue[0].nextTryMs ?? now()],
    );
    return times.length === 0 ? null : times.reduce((a, b) => (a <= b ? a : b));
  }

  return {
    endpoint,
    pump,
    collect,
    saved,
    notSaved,
    stop: () => {
      stopped = true;
    },
    isBusy: () => inFlight > 0 || reading || [...chains.values()].some(({ busy }) => busy),
    read: () => read,
    nextTryMs,
    isActive: () => inFlight > 0 || (nextTryMs() ?? Infinity) <= now(),
    restUntilMs: () => breaker.restUntil(),
    isEmpty: () => touched.size === 0 && [...chains.values()].every(({ marked, queue }) => marked && queue.length > 0),
  };
}

function bySession(waiting: readonly WaitingDelivery[]): ReadonlyMap<string, readonly WaitingDelivery[]> {
  const found = new Map<string, WaitingDelivery[]>();
  for (const one of waiting) {
    const key = one.sid ?? `notice ${one.id}`;
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found;
}

function notKept(): Posted {
  const error = 'This version is not kept any more (CHANGES_DAYS); later ones are delivered.';
  return { status: null, error, answer: null, tookMs: 0 };
}

/** The types of a version that an endpoint is to be told of, in their order. */
export function wantedOf(
  { types, appIds }: Pick<HeldEndpoint, 'types' | 'appIds'>,
  { types: happened, change }: FeedStep,
): readonly SessionEvent[] {
  const { appId } = change.session;
  if (appIds.length > 0 && (appId === null || !appIds.includes(appId))) return [];
  return types.length === 0 ? happened : happened.filter((type) => types.includes(type));
}

function pendingOf(endpoint: HeldEndpoint, step: FeedStep, type: SessionEvent): Pending {
  const { change, cursor } = step;
  // A restored database gives a cursor to another version: then it is another message.
  const id = webhookId(endpoint.id, change.cursor, type, change.sid, String(change.version), String(change.atMs));
  return { id, type, cursor, version: change.version, step, body: null, tries: 0, nextTryMs: null, attempts: [] };
}

function outcomeOf(
  endpoint: HeldEndpoint,
  { sid }: Chain,
  pending: Pending,
  state: DeliveryOutcome['state'],
  nowMs: UnixMs,
): DeliveryOutcome {
  const { id, type, cursor, version, tries, nextTryMs, attempts } = pending;
  const last = attempts.at(-1);
  return {
    endpointId: endpoint.id,
    id,
    type,
    sid,
    cursor,
    version,
    state,
    tries,
    lastStatus: last?.status ?? null,
    lastError: last?.error ?? null,
    nextTryMs: state !== 'waiting' ? null : tries === 0 ? (nextTryMs ?? nowMs) : nextTryMs,
    attempts,
    atMs: last === undefined ? nowMs : (Date.parse(last.at) as UnixMs),
  };
}
