import type { JobQueue } from './backend.js';

/** Wakes a worker. Never throws: the sweep finds what a lost wake-up left behind. */
export type WakeUp = () => void;

/**
 * A wake-up adds one job, however often it is called while that job waits; called while the job runs, it adds
 * one more that runs after it. Calls within `quietMs` of the last one are combined into one at the end of
 * that time, so that every commit is followed by a wake-up.
 */
export function createWakeUp(
  queue: JobQueue,
  name: string,
  quietMs: number,
  onError: (error: unknown) => void,
  payload: Readonly<Record<string, unknown>> = {},
): WakeUp {
  let quiet = false;
  let calledMeanwhile = false;
  const send = (): void => {
    quiet = true;
    queue
      .add(name, payload, { deduplication: { id: name, keepLastIfActive: true } })
      .catch(onError)
      .finally(() => setTimeout(listenAgain, quietMs).unref());
  };
  const listenAgain = (): void => {
    quiet = false;
    if (!calledMeanwhile) return;
    calledMeanwhile = false;
    send();
  };
  return () => {
    if (quiet) calledMeanwhile = true;
    else send();
  };
}

/**
 * Adds a job at regular intervals. All processes add it and one of them runs it: the job is named after its
 * time interval, so a second process's tick adds nothing, and a job that died with its worker does not block
 * the next one. The schedule is not stored in the queue, so flushing the queue loses nothing.
 */
export function startTicking(
  queue: JobQueue,
  name: string,
  everyMs: number,
  now: () => number,
  onError: (error: unknown) => void,
): { stop: () => void } {
  const tick = (): void => {
    const stretch = Math.floor(now() / everyMs);
    queue.add(name, {}, { jobId: `${name}-${String(stretch)}` }).catch(onError);
  };
  const timer = setInterval(tick, everyMs);
  tick();
  return {
    stop: () => {
      clearInterval(timer);
    },
  };
}
