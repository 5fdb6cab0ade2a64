import type { DeliveryOutcome, EndpointProgress } from '../../db/webhooks/outcomes.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Chain, Pending } from './chain.js';
import type { RunState } from './run-state.js';

/** What is to be saved of an endpoint, together or not at all. */
export type RunReport = {
  progress: EndpointProgress;
  outcomes: readonly DeliveryOutcome[];
  chains: readonly ReportedChain[];
  hasNews: boolean;
};

type ReportedChain = { chain: Chain; done: Chain['done'] };

/** What is to be saved since it was last asked; `noteSaved` or `noteNotSaved` says what became of it. */
export function collectReport(run: RunState): RunReport {
  const reports = [...run.touched].map((chain) => reportChain(run, chain));
  const outcomes = reports.flatMap((report) => report.outcomes);
  const { deliveredMs, failingSinceMs, failingTold } = run;
  const cursor = safeCursor(run);
  const hasNews = run.hasNews && (outcomes.length > 0 || cursor !== run.savedCursor);
  run.hasNews = false;
  return {
    progress: { id: run.endpoint.id, cursor, deliveredMs, failingSinceMs, failingTold },
    outcomes,
    chains: reports.map(({ reported }) => reported),
    hasNews,
  };
}

function reportChain(run: RunState, chain: Chain): { reported: ReportedChain; outcomes: readonly DeliveryOutcome[] } {
  const [head] = chain.queue;
  // The last that is done stays the mark of a session that goes on, until the next one is known.
  const keepsLast = chain.marked && chain.held && head === undefined;
  const done = keepsLast ? chain.done.slice(0, -1) : chain.done;
  chain.done = keepsLast ? chain.done.slice(-1) : [];
  const mark = keepsLast ? chain.done[0]?.pending : head;
  if (!keepsLast) run.touched.delete(chain);
  const outcomes = done.map(({ pending, state, atMs }) => outcomeOf(run, chain, pending, state, atMs));
  if (chain.marked && mark !== undefined) {
    outcomes.push(outcomeOf(run, chain, mark, 'waiting', run.context.now()));
  }
  return { reported: { chain, done }, outcomes };
}

function outcomeOf(
  { endpoint }: RunState,
  { sid }: Chain,
  pending: Pending,
  state: DeliveryOutcome['state'],
  nowMs: UnixMs,
): DeliveryOutcome {
  const { id, type, cursor, version, tries, attempts } = pending;
  const last = attempts.at(-1);
  return {
    endpointId: endpoint.id,
    ...{ id, type, sid, cursor, version, state, tries, attempts },
    lastStatus: last?.status ?? null,
    lastError: last?.error ?? null,
    nextTryMs: state === 'waiting' ? dueOf(pending, nowMs) : null,
    atMs: last === undefined ? nowMs : (Date.parse(last.at) as UnixMs),
  };
}

/** What was never tried is due at once; what was answered 410 has no time. */
function dueOf({ tries, nextTryMs }: Pending, nowMs: UnixMs): UnixMs | null {
  return tries === 0 ? (nextTryMs ?? nowMs) : nextTryMs;
}

/** No delivery before this is neither done nor kept. */
function safeCursor({ read, chains }: RunState): bigint {
  let cursor = read;
  for (const { marked, queue } of chains.values()) {
    const first = queue[0]?.cursor ?? null;
    if (!marked && first !== null && first <= cursor) cursor = first - 1n;
  }
  return cursor;
}

export function noteSaved(run: RunState, { progress, chains: reported }: RunReport): void {
  run.savedCursor = progress.cursor;
  for (const { chain } of reported) {
    const isOver = chain.queue.length === 0 && !chain.held && !chain.busy && chain.done.length === 0;
    if (isOver) forget(run, chain);
  }
}

function forget({ chains }: RunState, chain: Chain): void {
  // A notice that is done does not say its key any more.
  const candidates = chain.sid === null ? [...chains] : [[chain.sid, chains.get(chain.sid)] as const];
  for (const [key, one] of candidates) if (one === chain) chains.delete(key);
}

export function noteNotSaved(run: RunState, { chains: reported }: RunReport): void {
  run.hasNews = true;
  for (const { chain, done } of reported) {
    chain.done = [...done, ...chain.done];
    run.touched.add(chain);
  }
}
