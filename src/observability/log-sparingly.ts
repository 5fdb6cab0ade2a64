import type { Logger } from 'pino';
import { createSparingly } from './sparingly.js';

/** Logs an error, with further fields. */
export type TellSparingly = (error: unknown, about?: object) => void;

/**
 * Logs an error under this event when it first occurs, and then once a minute, as long as it occurs, with how
 * often it occurred in between (`repeated`): a server that is away makes many operations a second fail.
 */
export function logSparingly(log: Logger, level: 'warn' | 'error', event: string): TellSparingly {
  const sparingly = createSparingly();
  return (error, about = {}) => {
    sparingly(error instanceof Error ? error.message : String(error), (repeated) => {
      log[level]({ ...about, err: error, repeated }, event);
    });
  };
}
