import type { JobQueue } from './backend.js';

/** Rings a bell. Never throws: what a lost ring left behind, the sweep finds. */
export type WakeUp = () => void;

/**
 * A bell that makes one job, however often it is rung while that job waits; rung while the job runs,
 * it makes one more after it. Within `quietMs` of a ring this process does not ring again, but once
 * after it: a commit is always followed by a ring.
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
 * A tick that all processes give and one of them takes: its job is named after the stretch of time it
 * stands for, so that a second process's tick adds nothing, and a job that died with its worker does
 * not silence the next. Nothing about it is stored in the queue, so flushing that loses nothing.
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
