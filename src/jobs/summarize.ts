import type { Db } from '../db/connection/database.js';
import { readPauses, readUnanswered } from '../db/schedule/query-pace.js';
import { readWhollyRefused } from '../db/schedule/refused.js';
import { readSummary, type LedgerNumbers, type LiveNumbers } from '../db/sessions/read-summary.js';
import type { UnixMs } from '../evidence/instant.js';
import { boundMs, forecast, type Forecast, type BoundRules } from '../reconcile/verification-bound.js';
import type { Metrics } from '../observability/metrics.js';
import type { Account } from '../asking/account.js';
import type { QueueBackend } from './backend.js';
import { readReachablePace, type ReachablePace } from '../asking/reachable-pace.js';
import { readRefused, type Refused } from '../asking/refusals.js';
import type { JobQueues } from './start-jobs.js';

export type SummaryContext = {
  db: Db;
  accounts: readonly Account[];
  rules: BoundRules;
  /** TRUTH_TARGET_MS. */
  targetMs: number;
  backend: Pick<QueueBackend, 'kind'>;
  queues: JobQueues;
  now: () => UnixMs;
};

/** The summary for a status page: the bound at the present load, and the counts behind it. */
export type Summary = {
  truth: {
    liveSessions: number;
    /** How many sessions that are not over cannot be queried at all; the bound does not cover them. */
    notQueryable: number;
    boundMs: number | null;
    verifiedWithinBound: number | null;
    forecast: Forecast;
  };
  staleness: LiveNumbers['ages'];
  sessions: LedgerNumbers['sessions'];
  notices: LedgerNumbers['notices'];
  gaps: LedgerNumbers['gaps'];
  /** `reachablePerSecond`: the rate that the slots allow at the present response times. */
  queries: LedgerNumbers['queries'] & { limitPerSecond: number; reachablePerSecond: number };
  queue: { backend: string; waiting: number; active: number };
  /** What Agora answers 401 or 403 to, since when, and what to do about it. */
  refused: (Omit<Refused, 'sinceMs'> & { since: string })[];
};

export async function summarize(context: SummaryContext): Promise<Summary> {
  const { db, now } = context;
  const [numbers, refused, queue] = await Promise.all([
    readSummary(db, now()),
    readRefused(db, context.accounts),
    countJobs(context),
  ]);
  const silent = await readSilentAccounts(db, refused);
  const { live, sessions, notices, gaps, queries } = numbers;
  const paces = await readReachablePace(db, context.accounts);
  const bound = worstBoundMs(context, live.askedByAccount, silent, paces);
  const within = bound === null ? 0 : await live.withinBound(bound);
  return {
    truth: {
      liveSessions: live.sessions,
      notQueryable: live.notQueryable,
      boundMs: bound,
      verifiedWithinBound: share(within, live.sessions, bound),
      forecast: forecastOf(context, sum([...live.askedByAccount.values()]), paces),
    },
    sessions,
    notices,
    gaps,
    queries: {
      limitPerSecond: sum(context.accounts.map(({ perSecond }) => perSecond)),
      reachablePerSecond: Math.round(reachableOf(paces) * 100) / 100,
      ...queries,
    },
    staleness: live.ages,
    queue: { backend: context.backend.kind, ...queue },
    refused: refused.map(({ sinceMs, ...rest }) => ({ ...rest, since: new Date(sinceMs).toISOString() })),
  };
}

/** A pause as short as this belongs to normal pacing and does not make an account silent. */
const SHORT_PAUSE_MS = 5_000;

/**
 * Accounts that cannot be asked: unreachable, paused for long, or refused for all of their live sessions. A
 * single refused app does not make its account silent: the other apps are asked as usual.
 */
async function readSilentAccounts(db: Db, refused: readonly Refused[]): Promise<ReadonlySet<string>> {
  const apps = refused.flatMap(({ appId }) => (appId === null ? [] : [appId]));
  const [pauses, unanswered, wholly] = await Promise.all([
    readPauses(db),
    readUnanswered(db),
    readWhollyRefused(db.pool, apps),
  ]);
  const long = [...pauses].filter(([, { forMs }]) => forMs > SHORT_PAUSE_MS);
  return new Set([...unanswered, ...wholly, ...long.map(([name]) => name)]);
}

/** The worst of the accounts' bounds; null while one of them cannot be asked. */
function worstBoundMs(
  { accounts, rules }: SummaryContext,
  askedByAccount: ReadonlyMap<string, number>,
  silent: ReadonlySet<string>,
  paces: ReadonlyMap<string, ReachablePace>,
): number | null {
  if (accounts.length === 0 || accounts.some(({ name }) => silent.has(name))) return null;
  const bounds = [...paces].map(([name, { perSecond }]) =>
    boundMs({ sessions: askedByAccount.get(name) ?? 0, perSecond }, rules),
  );
  return Math.max(...bounds);
}

function reachableOf(paces: ReadonlyMap<string, ReachablePace>): number {
  return sum([...paces.values()].map(({ perSecond }) => perSecond));
}

function forecastOf(
  { rules, targetMs }: SummaryContext,
  sessions: number,
  paces: ReadonlyMap<string, ReachablePace>,
): Forecast {
  return forecast({ sessions, perSecond: reachableOf(paces) }, rules, targetMs);
}

function share(within: number, live: number, bound: number | null): number | null {
  if (bound === null) return null;
  return live === 0 ? 1 : within / live;
}

/** Publishes the summary for Prometheus; a bound of null becomes NaN. */
export function publishSummary(metrics: Metrics, { truth, staleness }: Summary): void {
  metrics.boundSeconds.set(truth.boundMs === null ? Number.NaN : truth.boundMs / 1000);
  metrics.verifiedShare.set(truth.verifiedWithinBound ?? Number.NaN);
  metrics.liveSessions.set(truth.liveSessions);
  metrics.sessionsAtTarget.set(truth.forecast.sessionsAtTarget);
  const quantiles = { '0.5': staleness.p50Ms, '0.95': staleness.p95Ms, '0.99': staleness.p99Ms, '1': staleness.maxMs };
  for (const [quantile, ms] of Object.entries(quantiles)) {
    metrics.stalenessSeconds.set({ quantile }, ms / 1000);
  }
}

async function countJobs({ queues }: SummaryContext): Promise<{ waiting: number; active: number }> {
  const counts = await Promise.all(
    Object.values(queues).map((queue) => queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active')),
  );
  const total = (state: string): number => sum(counts.map((count) => count[state] ?? 0));
  return {
    waiting: total('waiting') + total('prioritized') + total('delayed'),
    active: total('active'),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
