import type { Processor, Queue, WorkerOptions } from 'bullmq';

/** Makes queues and workers with one interface, whatever the backend. */
export type QueueBackend = {
  kind: 'redis' | 'postgres';
  /** What a person should mend of its servers, though it works. */
  warnings: () => readonly string[];
  queue: (name: string) => JobQueue;
  worker: (name: string, work: Processor, tuning: WorkerTuning) => JobWorker;
  close: () => Promise<void>;
};

export type JobQueue = Pick<Queue, 'add' | 'addBulk' | 'getJobCounts' | 'waitUntilReady' | 'close'>;
export type JobWorker = {
  waitUntilReady: () => Promise<unknown>;
  close: (force?: boolean) => Promise<void>;
  on: (event: 'failed', listener: (job: unknown, error: Error) => void) => unknown;
};

export type WorkerTuning = Pick<WorkerOptions, 'concurrency' | 'lockDuration' | 'stalledInterval' | 'maxStalledCount'>;

/** Finished jobs leave nothing in the queue: Postgres is the record of what was done. */
export const JOB_DEFAULTS = { removeOnComplete: true, removeOnFail: { count: 100 }, attempts: 1 };

/** An emitter without a listener for `error` events would end the process at the first one. */
export function withErrorListener<T extends { on: (event: 'error', listener: (error: Error) => void) => unknown }>(
  emitter: T,
  onError: (error: Error) => void,
): T {
  emitter.on('error', onError);
  return emitter;
}
