import type { Db } from '../db/database.js';
import { readPauses } from '../db/query-pace.js';
import { readSummary } from '../db/read-summary.js';
import type { UnixMs } from '../evidence/instant.js';
import { slotSpacingMs } from '../reconcile/pacing.js';
import { boundMs } from '../reconcile/promise.js';
import type { Account } from './account.js';
import type { QueueBackend } from './backend.js';
import type { JobQueues } from './start-jobs.js';

export type SummaryContext = {
  db: Db;
  accounts: readonly Account[];
  goneConfirmMs: number;
  backend: Pick<QueueBackend, 'kind'>;
  queues: JobQueues;
  now: () => UnixMs;
};

/** Routine queries are only a part of all; this much of the budget is always theirs. */
const RESERVED_SHARE = 0.3;

/** The status page: what is promised at the present load, and the counts behind it. */
export async function summarize(context: SummaryContext): Promise<Record<string, unknown>> {
  const { db, now } = context;
  const [numbers, pauses, queue] = await Promise.all([
    readSummary(db, now()),
    readPauses(db),
    countJobs(context),
  ]);
  const { live, sessions, notices, gaps, queries } = numbers;
  const promised = promisedBoundMs(context, live.sessions, pauses);
  const within = promised === null ? 0 : await live.withinBound(promised);
  return {
    truth: {
      liveSessions: live.sessions,
      boundMs: promised,
      verifiedWithinBound: share(within, live.sessions, promised),
    },
    sessions,
    notices,
    gaps,
    queries: {
      limitPerSecond: sum(context.accounts.map(({ perSecond }) => perSecond)),
      ...queries,
    },
    staleness: live.ages,
    queue: { backend: context.backend.kind, ...queue },
  };
}

/** Null while an account cannot be asked: then nothing is promised about its sessions. */
function promisedBoundMs(
  { accounts, goneConfirmMs }: SummaryContext,
  live: number,
  pauses: ReadonlyMap<string, unknown>,
): number | null {
  if (accounts.length === 0 || accounts.some(({ name }) => pauses.has(name))) return null;
  const perSecond = sum(accounts.map((account) => 1000 / slotSpacingMs(account.perSecond)));
  return boundMs(live, perSecond, RESERVED_SHARE, goneConfirmMs);
}

function share(within: number, live: number, promised: number | null): number | null {
  if (promised === null) return null;
  return live === 0 ? 1 : within / live;
}

async function countJobs({ queues }: SummaryContext): Promise<{ waiting: number; active: number }> {
  const counts = await Promise.all(
    Object.values(queues).map((queue) =>
      queue.getJobCounts('waiting', 'prioritized', 'delayed', 'active'),
    ),
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
