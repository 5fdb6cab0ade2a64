import type { Logger } from 'pino';
import type { Processor } from 'bullmq';
import type { JobQueue, QueueBackend } from './backend.js';
import type { AskContext } from '../asking/ask-context.js';
import { askSession } from '../asking/ask-session.js';
import type { Metrics } from '../observability/metrics.js';
import { logSparingly } from '../observability/log-sparingly.js';
import { queueRoom, slotsOf } from '../reconcile/pacing.js';
import { createWakeUp, startTicking, type WakeUp } from './wake-ups.js';
import { dropDelivered } from '../db/webhooks/outcomes.js';
import { DAY_MS, plusMs } from '../evidence/instant.js';
import { recountSessions } from '../db/sessions/session-counts.js';
import { applyRetention } from '../ledger/apply-retention.js';
import { makePartitions } from '../ledger/maintain.js';
import { foldAll } from '../ledger/fold-all.js';
import { sweep, refoldConfigured } from '../ledger/sweep.js';
import { createPlanner, queryPayload } from './plan-queries.js';
import { shareWork } from './share-work.js';
import { superviseWorker } from './supervised-worker.js';
import type { WebhookSender } from '../webhooks/sending/send-webhooks.js';
import type { LookContext } from '../looking/look-context.js';
import { lookForTurns } from '../looking/look-for-turns.js';
import { within } from '../timing/within.js';

export type JobQueues = Record<'fold' | 'plan' | 'query' | 'sweep' | 'webhooks' | 'buckets', JobQueue>;

export function openQueues(backend: QueueBackend): JobQueues {
  return {
    fold: backend.queue('fold'),
    plan: backend.queue('plan'),
    query: backend.queue('query'),
    sweep: backend.queue('sweep'),
    webhooks: backend.queue('webhooks'),
    buckets: backend.queue('buckets'),
  };
}

const CLOSE_WITHIN_MS = 1_000;

/** Closes the queues, and gives up after a while: one that is away would never close. */
export async function closeQueues(queues: JobQueues): Promise<void> {
  await within(CLOSE_WITHIN_MS, Promise.all(Object.values(queues).map((queue) => queue.close())));
}

/** The shortest time between two wake-ups of one process: what is committed in between is folded together. */
const FOLD_QUIET_MS = 50;

const WEBHOOKS_QUIET_MS = 50;

export function foldWakeUp(queues: JobQueues, log: Logger, metrics: Metrics): WakeUp {
  return createWakeUp(queues.fold, 'fold', FOLD_QUIET_MS, countLost('wake_up', log, metrics));
}

export function webhooksWakeUp(queues: JobQueues, log: Logger, metrics: Metrics): WakeUp {
  return createWakeUp(queues.webhooks, 'webhooks', WEBHOOKS_QUIET_MS, countLost('wake_up', log, metrics));
}

/** Told of a ring or a tick that the queue did not take. */
function countLost(of: 'wake_up' | 'tick', log: Logger, metrics: Metrics): (error: unknown) => void {
  const tell = logSparingly(log, 'warn', `${of}.lost`);
  return (error) => {
    metrics.wakeUpsLost.inc({ of });
    tell(error);
  };
}

const PLAN_EVERY_MS = 500;
/**
 * The planner's interval as a share of the time that 404s must last, so that they follow each other closely
 * even if that time is set very short.
 */
const OF_CONFIRMING = 1 / 10;

function planEveryMs({ goneConfirmMs }: AskContext['rules']): number {
  return Math.max(50, Math.min(PLAN_EVERY_MS, Math.round(goneConfirmMs * OF_CONFIRMING)));
}

const SWEEP_EVERY_MS = 1_000;
const HOUSEKEEPING_EVERY_MS = 300_000;
/** What an older release beside this one saved, or what a person dropped, is not counted until then. */
const RECOUNT_EVERY_MS = 3_600_000;
const READY_WITHIN_MS = 2_000;
/** The log of what was delivered is for looking into what was lately. */
const DELIVERED_DAYS = 7;

/**
 * A worker that died holds its job for this long; then the job counts as stalled and runs elsewhere. It is
 * short because every job here is safe to run twice; a living worker renews its locks.
 */
const LOCK = { lockDuration: 6_000, stalledInterval: 3_000, maxStalledCount: 10 };

export type RunningJobs = {
  /** Resolves once the workers receive wake-ups, or after a while if there is no queue: it may be away for long. */
  ready: () => Promise<void>;
  close: () => Promise<void>;
};

/**
 * Starts this process's workers and its ticks. A job only wakes a worker: all that the work needs is in
 * Postgres, so a lost, doubled or late job changes nothing but the time.
 */
export function startJobs(
  backend: QueueBackend,
  queues: JobQueues,
  context: AskContext,
  sender: WebhookSender,
  looking: LookContext | null = null,
): RunningJobs {
  const { log, now } = context;
  const accounts = [...context.accounts.values()];
  const plan = createPlanner({
    db: context.db,
    accounts,
    queryQueue: queues.query,
    now,
    routineIntervalMs: context.rules.routineIntervalMs,
    chance: Math.random,
  });
  const appIds = accounts.flatMap((account) => account.appIds);
  const supervise = (name: keyof JobQueues, work: Processor, tuning = single()) =>
    superviseWorker({
      backend,
      queue: queues[name],
      name,
      work,
      tuning,
      onFailed: logSparingly(log.child({ queue: name }), 'error', 'job.failed'),
      onReplaced: () => log.warn({ queue: name }, 'worker.replaced'),
    });
  let folding = 0;
  const fold = shareWork(queues.fold, 'fold', countLost('wake_up', log, context.metrics), async (onMore) => {
    folding += 1;
    await foldAll(context, { onMore }).finally(() => (folding -= 1));
  });
  const workers = [
    supervise('fold', ({ data }) => timed(context, 'fold', () => fold(data))),
    supervise('sweep', ({ name }) =>
      timed(context, name, () => lookAfter(context, name, appIds, { isFolding: folding > 0 })),
    ),
    supervise('plan', () => timed(context, 'plan', plan)),
    supervise('webhooks', () => timed(context, 'webhooks', sender.wake)),
    supervise('query', ({ data }) => runQuery(context, data), {
      ...LOCK,
      concurrency: queryConcurrency(context),
    }),
    ...(looking === null ? [] : [supervise('buckets', () => timed(context, 'buckets', () => lookForAWhile(looking)))]),
  ];
  // This process does it itself, not a job: another process may have an older configuration without the app.
  const takenUp = refoldConfigured(context, appIds).catch((error: unknown) => {
    log.warn({ err: error }, 'configured_apps.not_taken_up');
  });
  const lost = countLost('tick', log, context.metrics);
  const ticks = [
    startTicking(queues.plan, 'plan', planEveryMs(context.rules), now, lost),
    startTicking(queues.webhooks, 'webhooks', SWEEP_EVERY_MS, now, lost),
    ...(looking === null ? [] : [startTicking(queues.buckets, 'buckets', SWEEP_EVERY_MS, now, lost)]),
    startTicking(queues.sweep, 'sweep', SWEEP_EVERY_MS, now, lost),
    startTicking(queues.sweep, 'housekeeping', HOUSEKEEPING_EVERY_MS, now, lost),
    startTicking(queues.sweep, 'recount', RECOUNT_EVERY_MS, now, lost),
  ];
  return {
    ready: async () => {
      const connected = [
        ...workers.map((worker) => worker.ready()),
        ...Object.values(queues).map((queue) => queue.waitUntilReady()),
      ];
      await within(READY_WITHIN_MS, Promise.allSettled(connected));
    },
    close: async () => {
      for (const tick of ticks) tick.stop();
      await Promise.all([takenUp, ...workers.map((worker) => worker.close())]);
      await sender.close();
    },
  };
}

/** A job that looks on as long as there is something to look for would leave nothing to other processes. */
const LOOK_FOR_MS = 5_000;

/** One that is to stop leaves its turns to others, whose leases end. */
async function lookForAWhile(looking: LookContext): Promise<void> {
  const begin = performance.now();
  try {
    while ((await lookForTurns(looking)) && performance.now() - begin < LOOK_FOR_MS && !looking.stopping.aborted);
  } catch (error) {
    if (!looking.stopping.aborted) throw error;
  }
}

async function lookAfter(
  context: AskContext,
  name: string,
  appIds: readonly string[],
  folding: { isFolding: boolean },
): Promise<void> {
  if (name === 'recount') return recountSessions(context.db.pool, context.shard);
  if (name !== 'housekeeping') return sweep(context, folding);
  await makePartitions(context);
  await refoldConfigured(context, appIds);
  await dropDelivered(context.db, plusMs(context.now(), -DELIVERED_DAYS * DAY_MS));
  await applyRetention(context, context.retention, (dropped) => context.log.info(dropped, 'retention.dropped'));
}

function single(): typeof LOCK & { concurrency: number } {
  return { ...LOCK, concurrency: 1 };
}

/** For each account as many queries as can be on their way, and those that wait in the queue for the next slots. */
function queryConcurrency({ accounts }: AskContext): number {
  const jobs = [...accounts.values()].map(({ limit, perSecond }) => slotsOf(limit) + queueRoom(perSecond));
  return Math.max(
    1,
    jobs.reduce((sum, n) => sum + n, 0),
  );
}

async function runQuery(context: AskContext, payload: unknown): Promise<string> {
  const { sid, claimedMs } = queryPayload.parse(payload);
  return askSession(context, sid, claimedMs);
}

async function timed({ metrics }: AskContext, job: string, work: () => Promise<unknown>): Promise<void> {
  const end = metrics.jobDuration.startTimer({ job });
  await work();
  end();
}
