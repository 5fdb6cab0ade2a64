import { setTimeout as wait } from 'node:timers/promises';

/** Waits for the work, but not for longer than this: for what nothing depends on. Rejects as the work does. */
export async function within(ms: number, work: Promise<unknown>): Promise<'done' | 'late'> {
  const late = wait(Math.max(ms, 0), 'late' as const, { ref: false });
  return Promise.race([work.then(() => 'done' as const), late]);
}
