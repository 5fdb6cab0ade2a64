import { z } from 'zod';
import type { JobQueue } from './backend.js';
import { createWakeUp } from './wake-ups.js';

/**
 * So many do one kind of work at once at the most, over all processes. Each has a connection, and what
 * they save goes through the one lock of the change feed: many more would wait for that.
 */
const MOST_AT_ONCE = 8;
const CALL_EVERY_MS = 250;

const payload = z.object({ nth: z.number().int().min(1).default(1) });

/**
 * Work that one job is enough for as a rule, and that calls for the help of another one as long as more
 * waits than it takes at once: the first calls the second, the second a third. Each of them is one job
 * however often it is called, taken by whichever process has nothing to do; where none has, it comes
 * when all is done, and finds nothing. `work` is told what to call when more waits.
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
