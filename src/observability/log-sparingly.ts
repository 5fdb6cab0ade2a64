import type { Logger } from 'pino';

const AGAIN_AFTER_MS = 60_000;
/** How many different messages are remembered; some contain a value that differs each time. */
const MOST_MESSAGES = 100;

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
  const told = new Map<string, { atMs: number; repeated: number }>();
  return (error, about = {}) => {
    const message = error instanceof Error ? error.message : String(error);
    const last = told.get(message);
    if (last !== undefined && nowMs() - last.atMs < AGAIN_AFTER_MS) {
      last.repeated += 1;
      return;
    }
    if (told.size >= MOST_MESSAGES) told.clear();
    told.set(message, { atMs: nowMs(), repeated: 0 });
    log[level]({ ...about, err: error, repeated: last?.repeated ?? 0 }, event);
  };
}
