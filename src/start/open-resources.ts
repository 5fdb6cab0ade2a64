import type { Logger } from 'pino';
import { within } from '../timing/within.js';

/** What has not closed by then is left to the end of the process: a frozen server never confirms a close. */
const CLOSE_WITHIN_MS = 7_000;

/** Resources that were opened, to be closed again in the reverse order. */
export type OpenResources = {
  /** Returns the resource it was given. */
  add: <T>(part: T, close: (part: T) => unknown) => T;
  /** Closes each resource once, even if closing another one fails. */
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
