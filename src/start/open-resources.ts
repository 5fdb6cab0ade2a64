import type { Logger } from 'pino';
import { within } from '../timing/within.js';

/** What is still open after this is left to the end of the process: a server that froze never lets go. */
const CLOSE_WITHIN_MS = 7_000;

/** What was opened on the way, so that it is closed again: what was opened last first. */
export type OpenResources = {
  /** Returns what it was given. */
  add: <T>(part: T, close: (part: T) => unknown) => T;
  /** Closes each once, whatever becomes of the others. */
  closeAll: () => Promise<void>;
};

export function createOpenResources(log: Logger): OpenResources {
  const closing: (() => unknown)[] = [];
  return {
    add: (part, close) => {
      closing.push(() => close(part));
      return part;
    },
    closeAll: async () => {
      const deadline = performance.now() + CLOSE_WITHIN_MS;
      for (const close of closing.splice(0).reverse()) {
        await closeInTime(close, deadline - performance.now(), log);
      }
    },
  };
}

async function closeInTime(close: () => unknown, ms: number, log: Logger): Promise<void> {
  try {
    const ended = await within(ms, Promise.resolve(close()));
    if (ended === 'late') log.warn('shutdown.step_late');
  } catch (error) {
    log.warn({ err: error }, 'shutdown.step_failed');
  }
}
