import { setTimeout as wait } from 'node:timers/promises';

/** Waits for so long, or until `stopping` is aborted. */
export async function rest(ms: number, stopping: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal: stopping }).catch(() => undefined); // told to stop
}
