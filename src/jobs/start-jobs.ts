import type { Logger } from 'pino';
import type { JobQueue, JobWorker, QueueBackend } from './backend.js';
import { askSession, type AskContext } from './ask-session.js';
import { createBell, startTicking, type Bell } from './bells.js';
import { foldAll, keepHouse, sweep } from './keep-house.js';
import { planQueries, queryPayload } from './plan-queries.js';

export type JobQueues = Record<'fold' | 'plan' | 'query' | 'sweep', JobQueue>;

export function openQueues(backend: QueueBackend): JobQueues {
  return {
    fold: backend.queue('fold'),
    plan: backend.queue('plan'),
    query: backend.queue('query'),
    sweep: backend.queue('sweep'),
  };
}

/** Between two rings of one process: what is committed meanwhile is folded together. */
const FOLD_QUIET_MS = 20;

export function foldBell(queues: JobQueues, log: Logger): Bell {
  return createBell(queues.fold, 'fold', FOLD_QUIET_MS, (error) => {
    log.warn({ err: error }, 'bell.lost');
  });
}

const PLAN_EVERY_MS = 500;
const SWEEP_EVERY_MS = 1_000;
const HOUSEKEEPING_EVERY_MS = 300_000;

/**
 * A worker that died holding a job keeps it this long; then it counts as stalled and runs elsewhere.
 * Short, since every job here is safe to run twice; long enough for a slow answer from Agora.
 */
const LOCK = { lockDuration: 15_000, stalledInterval: 5_000, maxStalledCount: 3 };

export type RunningJobs = { close: () => Promise<void> };

/**
 * Starts this process's workers and its ticks. What wakes them is a bell: all they need to know is in
 * Postgres, so a lost, doubled or late job changes nothing but the time.
 */
export function startJobs(
  backend: QueueBackend,
  queues: JobQueues,
  context: AskContext,
): RunningJobs {
  const { log, now } = context;
  const accounts = [...context.accounts.values()];
  const plan = { db: context.db, accounts, queryQueue: queues.query, now };
  const appIds = accounts.flatMap((account) => account.appIds);
  const workers = [
    backend.worker('fold', () => timed(context, 'fold', () => foldAll(context)), single()),
    backend.worker('sweep', (job) => timed(context, job.name, () => lookAfter(context, job.name, appIds)), single()), // prettier-ignore
    backend.worker('plan', () => timed(context, 'plan', () => planQueries(plan)), single()),
    backend.worker('query', ({ data }) => runQuery(context, data), {
      ...LOCK,
      concurrency: queryConcurrency(context),
    }),
  ];
  for (const worker of workers) logFailures(worker, log);
  const lost = (error: unknown): void => {
    log.warn({ err: error }, 'tick.lost');
  };
  const ticks = [
    startTicking(queues.plan, 'plan', PLAN_EVERY_MS, now, lost),
    startTicking(queues.sweep, 'sweep', SWEEP_EVERY_MS, now, lost),
    startTicking(queues.sweep, 'housekeeping', HOUSEKEEPING_EVERY_MS, now, lost),
  ];
  return {
    close: async () => {
      for (const tick of ticks) tick.stop();
      await Promise.all(workers.map(closeInTime));
    },
  };
}

async function lookAfter(
  context: AskContext,
  name: string,
  appIds: readonly string[],
): Promise<void> {
  await (name === 'housekeeping' ? keepHouse(context, appIds) : sweep(context));
}

/** A query may take its whole timeout; the claim of one that is cut off runs out and is asked again. */
const CLOSE_WITHIN_MS = 4_000;

async function closeInTime(worker: JobWorker): Promise<void> {
  const late = setTimeout(() => void worker.close(true), CLOSE_WITHIN_MS);
  await worker.close();
  clearTimeout(late);
}

function single(): typeof LOCK & { concurrency: number } {
  return { ...LOCK, concurrency: 1 };
}

/** Enough for every slot of a timeout's length to hold a query that never comes back. */
function queryConcurrency({ accounts, queryTimeoutMs }: AskContext): number {
  const perSecond = [...accounts.values()].reduce((sum, account) => sum + account.perSecond, 0);
  return Math.max(1, Math.ceil(perSecond * (queryTimeoutMs / 1000 + 2)));
}

async function runQuery(context: AskContext, payload: unknown): Promise<string> {
  const { sid, claimedMs } = queryPayload.parse(payload);
  return askSession(context, sid, claimedMs);
}

async function timed(
  { metrics }: AskContext,
  job: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const end = metrics.jobDuration.startTimer({ job });
  await work();
  end();
}

function logFailures(worker: JobWorker, log: Logger): void {
  worker.on('failed', (_job, error) => {
    log.error({ err: error }, 'job.failed');
  });
}
