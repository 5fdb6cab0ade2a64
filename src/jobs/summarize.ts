import type { Db } from '../db/connection/database.js';
import { readLastHeard } from '../db/evidence/last-heard.js';
import { readBucketStates } from '../db/schedule/bucket-paces.js';
import { readPauses, readUnanswered } from '../db/schedule/query-pace.js';
import { readWhollyRefused } from '../db/schedule/refused.js';
import { countLiveByApp, readSummary, type LedgerNumbers, type LiveNumbers } from '../db/sessions/read-summary.js';
import { readLags } from '../db/webhooks/lag.js';
import { countWebhooks, type WebhookCounts } from '../db/webhooks/webhook-counts.js';
import type { UnixMs } from '../evidence/instant.js';
import { boundMs, forecast, type Forecast, type BoundRules } from '../reconcile/verification-bound.js';
import type { Account } from '../asking/account.js';
import type { QueueBackend } from './backend.js';
import { readAccountStates, SHORT_PAUSE_MS, type AccountState } from '../asking/account-states.js';
import { readReachablePace, type ReachablePace } from '../asking/reachable-pace.js';
import { readRefused, type Refused } from '../asking/refusals.js';
import type { JobQueues } from './start-jobs.js';
import { bucketSummary, type BucketSummary } from './summarize-buckets.js';
import { accountSummaries, receiverSummary, type AccountSummary, type ReceiverSummary } from './summarize-arrivals.js';

export type LedgerSummaryContext = {
  db: Db;
  accounts: readonly Account[];
  rules: BoundRules;
  /** TRUTH_TARGET_MS. */
  targetMs: number;
  now: () => UnixMs;
};

export type SummaryContext = LedgerSummaryContext & {
  backend: Pick<QueueBackend, 'kind'>;
  queues: JobQueues;
};

/** The summary for a status page: the bound at the present load, and the counts behind it. */
export type Summary = {
  truth: {
    liveSessions: number;
    /** How many sessions that are not over cannot be queried at all; the bound does not cover them. */
    notQueryable: number;
    /** How many of all that are not over can be verified by nothing just now, and why. */
    notVerifiable: NotVerifiable;
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
  /** Whether each account, and each of its apps, can be asked about, and what last came of it. */
  accounts: readonly AccountSummary[];
  /** Outgoing webhooks; `lagSeconds`: of the active endpoint that is longest behind. */
  webhooks: WebhookCounts & { lagSeconds: number };
  /** What last came to the receivers, and what they refused. */
  receiver: ReceiverSummary;
  /** How each bucket stands that was asked anything. */
  buckets: readonly BucketSummary[];
};

export type LedgerSummary = Omit<Summary, 'queue'>;

/** Live sessions by what keeps them from being verified. Those of `refused`, `unreachable` and `paused` wait for Agora. */
export type NotVerifiable = Record<'sessions' | 'notQueryable' | 'refused' | 'unreachable' | 'paused', number>;

export async function summarize(context: SummaryContext): Promise<Summary> {
  const [ledger, queue] = await Promise.all([summarizeLedger(context), countJobs(context)]);
  return { ...ledger, queue: { backend: context.backend.kind, ...queue } };
}

/** What the ledger alone tells: it is known while the queue is away, too. */
export async function summarizeLedger(context: LedgerSummaryContext): Promise<LedgerSummary> {
  const { db, now } = context;
  const [numbers, refused, states, heard, buckets] = await Promise.all([
    readSummary(db, now()),
    readRefused(db, context.accounts),
    readAccountStates(db, context.accounts),
    readLastHeard(db.pool),
    readBucketStates(db.pool),
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
      notVerifiable: await countNotVerifiable(db, states, live.notQueryable),
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
    refused: refused.map(({ sinceMs, ...rest }) => ({ ...rest, since: new Date(sinceMs).toISOString() })),
    accounts: accountSummaries(states, heard),
    receiver: receiverSummary(heard),
    webhooks: await summarizeWebhooks(db, now()),
    buckets: buckets.map(bucketSummary),
  };
}

/** A paused endpoint is behind because somebody, or its own 410, said so. */
async function summarizeWebhooks({ pool }: Db, nowMs: UnixMs): Promise<Summary['webhooks']> {
  const counts = await countWebhooks(pool);
  if (counts.endpoints === 0) return { ...counts, lagSeconds: 0 };
  const active = [...(await readLags(pool, nowMs)).values()].filter(({ state }) => state === 'active');
  return { ...counts, lagSeconds: Math.max(0, ...active.map(({ seconds }) => seconds)) };
}

async function countNotVerifiable(
  db: Db,
  states: readonly AccountState[],
  notQueryable: number,
): Promise<NotVerifiable> {
  const counts = { notQueryable, refused: 0, unreachable: 0, paused: 0 };
  const isWhole = states.every(({ state, apps }) => state === 'ok' && apps.every((app) => app.state === 'ok'));
  for (const { account, appId, sessions } of isWhole ? [] : await countLiveByApp(db.pool)) {
    const owner = states.find(({ name }) => name === account);
    const app = owner?.apps.find((one) => one.appId === appId);
    const state = owner === undefined || owner.state === 'ok' ? (app?.state ?? 'ok') : owner.state;
    if (state !== 'ok') counts[state] += sessions;
  }
  return { sessions: sum(Object.values(counts)), ...counts };
}

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
  { accounts, rules }: LedgerSummaryContext,
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
  { rules, targetMs }: LedgerSummaryContext,
  sessions: number,
  paces: ReadonlyMap<string, ReachablePace>,
): Forecast {
  return forecast({ sessions, perSecond: reachableOf(paces) }, rules, targetMs);
}

function share(within: number, live: number, bound: number | null): number | null {
  if (bound === null) return null;
  return live === 0 ? 1 : within / live;
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
