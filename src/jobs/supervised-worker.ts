import type { Processor } from 'bullmq';
import type { JobQueue, JobWorker, QueueBackend, WorkerTuning } from './backend.js';
import { within } from '../timing/within.js';

export type SupervisedWorker = {
  /** Resolves once it takes jobs; rejects if the queue cannot be reached. */
  ready: () => Promise<unknown>;
  close: () => Promise<void>;
};

export type SupervisionOptions = {
  backend: QueueBackend;
  queue: JobQueue;
  name: string;
  work: Processor;
  tuning: WorkerTuning & { concurrency: number };
  onFailed: (error: Error) => void;
  /** Called when a worker was replaced because it had stopped taking jobs. */
  onReplaced: (name: string) => void;
  lookEveryMs?: number;
};

const LOOK_EVERY_MS = 3_000;
/**
 * A query may take its whole timeout, and a worker whose queue is away never closes. The claim of a query
 * that is cut off expires, and the session is asked about again.
 */
const CLOSE_WITHIN_MS = 4_000;

/**
 * A worker that is replaced when it stops taking jobs: jobs wait, it has room, and it took none between two
 * checks. That happens to a worker whose connection broke at an unlucky moment, and nothing else detects it.
 * A worker that is merely slow is not replaced, nor is one whose queue cannot be reached.
 *
 * States: *listening* (took a job since the last check, or none waits), *suspected* (one check found waiting
 * jobs and none taken), then *replaced*, which is listening again.
 */
export function superviseWorker(options: SupervisionOptions): SupervisedWorker {
  const { queue, name, tuning } = options;
  let [running, taken, suspected] = [0, 0, false];
  const counted: Processor = async (job, token) => {
    running += 1;
    taken += 1;
    try {
      return (await options.work(job, token)) as unknown;
    } finally {
      running -= 1;
    }
  };
  const open = (): JobWorker => {
    const worker = options.backend.worker(name, counted, tuning);
    worker.on('failed', (_job, error) => options.onFailed(error));
    return worker;
  };
  let worker = open();
  let retired: Promise<unknown> = Promise.resolve();
  let closing = false;
  const look = async (): Promise<void> => {
    const takenBefore = taken;
    const waiting = await countWaiting(queue);
    if (closing) return; // a worker opened now would never be closed
    const idle = waiting > 0 && running < tuning.concurrency && taken === takenBefore;
    if (idle && suspected && lookedAt === taken) {
      const deaf = worker;
      worker = open();
      options.onReplaced(name);
      retired = Promise.allSettled([retired, deaf.close(true)]);
    }
    suspected = idle;
    lookedAt = taken;
  };
  let lookedAt = taken;
  // If the queue cannot be reached, replacing the worker does not help; the next check comes soon.
  const timer = setInterval(() => void look().catch(() => undefined), options.lookEveryMs ?? LOOK_EVERY_MS);
  return {
    ready: () => worker.waitUntilReady(),
    close: async () => {
      closing = true;
      clearInterval(timer);
      await within(CLOSE_WITHIN_MS, Promise.all([worker.close(), retired]));
    },
  };
}

async function countWaiting(queue: JobQueue): Promise<number> {
  const counts = await queue.getJobCounts('waiting', 'prioritized');
  return (counts['waiting'] ?? 0) + (counts['prioritized'] ?? 0);
}
