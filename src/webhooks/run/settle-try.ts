import { plusMs, type UnixMs } from '../../evidence/instant.js';
import type { Posted } from '../post-delivery.js';
import { hold, type Chain, type Pending } from './chain.js';
import { keyOf, touch, type RunState } from './run-state.js';

/** What came of a try that began then. `isLast`: there is no use in another one. */
export type SettledTry = { posted: Posted; atMs: UnixMs; isLast: boolean };

const KEPT_ATTEMPTS = 10;
const GONE = 410;
/** An endpoint that fails for so long is told of, even if nothing is parked yet. */
const FAILING_FOR_MS = 3_600_000;

/** Delivered, parked, or waiting for its next try. */
export function settleTry(run: RunState, chain: Chain, pending: Pending, settled: SettledTry): void {
  noteAttempt(pending, settled);
  touch(run, chain);
  const { error, status } = settled.posted;
  if (error === null) {
    succeed(run, chain, pending);
    return;
  }
  run.failingSinceMs ??= settled.atMs;
  run.breaker.failed(keyOf(chain), run.context.now());
  if (status === GONE) pauseAt(run, chain, pending);
  else waitOrPark(run, chain, pending, error, settled.isLast);
}

function noteAttempt(pending: Pending, { posted, atMs }: SettledTry): void {
  const { tookMs, status, error, answer } = posted;
  const attempt = { at: new Date(atMs).toISOString(), tookMs, status, error, answer };
  pending.tries += 1;
  pending.attempts = [...pending.attempts, attempt].slice(-KEPT_ATTEMPTS);
}

function succeed(run: RunState, chain: Chain, pending: Pending): void {
  run.breaker.succeeded();
  run.failingSinceMs = null;
  run.failingTold = false;
  run.deliveredMs = run.context.now();
  finish(run, chain, pending, 'delivered');
}

function finish(run: RunState, chain: Chain, pending: Pending, state: 'delivered' | 'parked'): void {
  chain.queue.shift();
  run.queued -= 1;
  chain.done.push({ pending, state, atMs: run.context.now() });
}

function waitOrPark(run: RunState, chain: Chain, pending: Pending, why: string, isLast: boolean): void {
  const nowMs = run.context.now();
  const waitMs = isLast ? undefined : run.context.scheduleMs[pending.tries - 1];
  if (waitMs === undefined) finish(run, chain, pending, 'parked');
  else wait(run, chain, pending, plusMs(nowMs, waitMs));
  tellIfFailing(run, pending, why, waitMs === undefined);
}

/** Its place is kept by itself from now on: later versions of its session stay in the feed, and the cursor goes on. */
function wait(run: RunState, chain: Chain, pending: Pending, untilMs: UnixMs | null): void {
  pending.nextTryMs = untilMs;
  if (chain.held || chain.sid === null || pending.cursor === null) return;
  run.queued -= chain.queue.length - 1;
  chain.queue = [pending];
  hold(chain, { cursor: pending.cursor, type: pending.type });
}

function pauseAt(run: RunState, chain: Chain, pending: Pending): void {
  wait(run, chain, pending, null);
  run.stopped = true;
  run.context.onGone(run.endpoint);
}

/** Nothing succeeded since before the first try of what is parked now, or for long. */
function tellIfFailing(run: RunState, pending: Pending, why: string, isParked: boolean): void {
  const sinceMs = run.failingSinceMs;
  if (run.failingTold || sinceMs === null) return;
  const firstMs = Date.parse(pending.attempts[0]?.at ?? '');
  const isLong = run.context.now() - sinceMs >= FAILING_FOR_MS;
  if (!isLong && !(isParked && sinceMs <= firstMs)) return;
  run.failingTold = true;
  run.context.onFailing(run.endpoint, why, sinceMs);
}
