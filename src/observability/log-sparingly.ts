import type { Logger } from 'pino';
import { createSparingly } from './sparingly.js';

/**
 * Logs an error under this event when it first occurs, and then once a minute with how often it occurred in
 * between: a server that is away makes many operations a second fail.
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
