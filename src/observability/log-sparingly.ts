import type { Logger } from 'pino';
import { createSparingly } from './sparingly.js';

/**
 * Logs an error under this event when it first comes, and then once a minute with how often it came
 * in between: what is away fails many times a second, for as long as it is away.
 */
export function logSparingly(
  log: Logger,
  level: 'warn' | 'error',
  event: string,
  nowMs: () => number = () => performance.now(),
): (error: unknown, about?: object) => void {
  const sparingly = createSparingly(nowMs);
  return (error, about = {}) => {
    const told = sparingly(error instanceof Error ? error.message : String(error));
    if (told !== null) log[level]({ ...about, err: error, ...told }, event);
  };
}
