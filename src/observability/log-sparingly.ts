import type { Logger } from 'pino';

const AGAIN_AFTER_MS = 60_000;
/** How many different messages are remembered; some contain a value that differs each time. */
const MOST_MESSAGES = 100;

/** Tells of an error, and of what it is about. */
export type TellSparingly = (error: unknown, about?: object) => void;

/** One message that was told: how often it came since, and what to do with that number when its minute is over. */
type Told = { repeated: number; summary: NodeJS.Timeout; tell: () => void };

/**
 * Logs an error under this event when it first occurs, and then once a minute, as long as it occurs, with
 * how often it occurred in between (`repeated`): a server that is away makes many operations a second fail.
 * The count is logged when the minute is over, so it is not lost if the error does not occur again.
 */
export function logSparingly(log: Logger, level: 'warn' | 'error', event: string): TellSparingly {
  const told = new Map<string, Told>();
  return (error, about = {}) => {
    const message = error instanceof Error ? error.message : String(error);
    const tellAs = (repeated: number) => () => log[level]({ ...about, err: error, repeated }, event);
    const last = told.get(message);
    if (last !== undefined) {
      last.repeated += 1;
      last.tell = tellAs(last.repeated);
      return;
    }
    if (told.size >= MOST_MESSAGES) forgetAll(told);
    tellAs(0)();
    told.set(message, { repeated: 0, summary: summarizeLater(told, message), tell: () => undefined });
  };
}

/** After a minute in which nothing came, the next one is a first one again. */
function summarizeLater(told: Map<string, Told>, message: string): NodeJS.Timeout {
  return setTimeout(() => {
    const last = told.get(message);
    if (last === undefined) return;
    if (last.repeated === 0) {
      told.delete(message);
      return;
    }
    last.tell();
    told.set(message, { repeated: 0, summary: summarizeLater(told, message), tell: () => undefined });
  }, AGAIN_AFTER_MS).unref();
}

function forgetAll(told: Map<string, Told>): void {
  for (const { repeated, summary, tell } of told.values()) {
    clearTimeout(summary);
    if (repeated > 0) tell();
  }
  told.clear();
}
