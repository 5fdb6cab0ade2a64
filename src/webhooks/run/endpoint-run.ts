import type { HeldEndpoint, WaitingDelivery } from '../../db/webhooks/held-endpoints.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Chain, Pending } from './chain.js';
import { loadHeld, readOn, wantsMore } from './read-feed.js';
import { collectReport, noteNotSaved, noteSaved, type RunReport } from './report-run.js';
import { nextTryMs, openRunState, type RunContext, type RunState } from './run-state.js';
import { tryDelivery } from './try-delivery.js';

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
  savedCursor: () => bigint;
  /** When it has something to do by itself; null if it waits for the feed alone. */
  nextTryMs: () => UnixMs | null;
  /** Something is on its way, or may be started. */
  isActive: () => boolean;
  restUntilMs: () => UnixMs | null;
  isEmpty: () => boolean;
};

/** On their way to one endpoint at a time. */
const IN_FLIGHT = 16;

export function createEndpointRun(
  context: RunContext,
  endpoint: HeldEndpoint,
  secrets: readonly string[],
  waiting: readonly WaitingDelivery[],
): EndpointRun {
  const run = openRunState(context, endpoint, secrets, waiting);
  const { chains, touched } = run;
  return {
    endpoint,
    pump: () => pump(run),
    collect: () => collectReport(run),
    saved: (report) => noteSaved(run, report),
    notSaved: (report) => noteNotSaved(run, report),
    stop: () => {
      run.stopped = true;
    },
    isBusy: () => run.inFlight > 0 || run.reading || [...chains.values()].some(({ busy }) => busy),
    read: () => run.read,
    savedCursor: () => run.savedCursor,
    nextTryMs: () => nextTryMs(run),
    isActive: () => run.inFlight > 0 || (nextTryMs(run) ?? Infinity) <= context.now(),
    restUntilMs: () => run.breaker.restUntil(),
    isEmpty: () => touched.size === 0 && [...chains.values()].every(({ marked, queue }) => marked && queue.length > 0),
  };
}

function pump(run: RunState): void {
  if (run.stopped) return;
  startReady(run);
  if (!wantsMore(run)) return;
  void readOn(run).then((isMore) => {
    if (isMore) startReady(run);
  });
}

function startReady(run: RunState): void {
  for (const chain of run.chains.values()) {
    if (run.inFlight >= IN_FLIGHT || run.stopped) return;
    if (chain.busy) continue;
    const [head] = chain.queue;
    if (head !== undefined) startIfDue(run, chain, head);
    else if (chain.held) void loadHeld(run, chain);
  }
}

function startIfDue(run: RunState, chain: Chain, head: Pending): void {
  const nowMs = run.context.now();
  const isFirstTry = head.tries === 0;
  // Without a time, what was tried before waits until the endpoint is resumed.
  const isDue = head.nextTryMs === null ? isFirstTry : head.nextTryMs <= nowMs;
  if (!isDue || (isFirstTry && !run.breaker.mayTry(nowMs))) return;
  if (isFirstTry) run.breaker.tried();
  start(run, chain, head);
}

function start(run: RunState, chain: Chain, head: Pending): void {
  chain.busy = true;
  run.inFlight += 1;
  void tryDelivery(run, chain, head).finally(() => {
    run.inFlight -= 1;
    chain.busy = false;
    pump(run);
    run.context.onNews();
  });
}
