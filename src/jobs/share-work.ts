import { z } from 'zod';
import type { JobQueue } from './backend.js';
import { createWakeUp } from './wake-ups.js';

/**
 * How many workers do one kind of work at once at the most, over all processes. Each uses a connection, and
 * what they save goes through the one lock of the change feed: many more would only wait for that.
 */
const MOST_AT_ONCE = 8;
const CALL_EVERY_MS = 250;

const payload = z.object({ nth: z.number().int().min(1).default(1) });

/**
 * Work for which one job is usually enough. While more waits than a job takes at once, it wakes a further
 * job: the first wakes the second, the second a third. Each of them is one job however often it is woken, and
 * any free process takes it; if none is free in time, the job runs later and finds nothing. `work` gets the
 * function to call when more waits.
 */
export function shareWork(
  queue: JobQueue,
  name: string,
  onLost: (error: unknown) => void,
  work: (onMore: () => void) => Promise<unknown>,
): (data: unknown) => Promise<unknown> {
  const wakeUps = Array.from({ length: MOST_AT_ONCE - 1 }, (_, index) => {
    const nth = index + 2;
    return createWakeUp(queue, `${name}-${String(nth)}`, CALL_EVERY_MS, onLost, { nth });
  });
  return (data) => {
    const { nth } = payload.parse(data);
    return work(wakeUps[nth - 1] ?? (() => undefined));
  };
}
