import { setTimeout as wait } from 'node:timers/promises';

/** The first connection decides for good whether it becomes ready. */
export type Openable = {
  waitUntilReady: () => Promise<unknown>;
  close: (force?: boolean) => Promise<unknown>;
};

export type Opening<T> = {
  /** Resolves with what was opened. Rejects with the reason if the last attempt failed. */
  opened: () => Promise<T>;
  close: (force?: boolean) => Promise<void>;
};

const AGAIN_AFTER_MS = 1_000;

/**
 * Opens a client that never recovers from a failed first connection: a failed one is closed and another one
 * opened, until one connects. `prepare` runs before each attempt.
 */
export function keepOpening<T extends Openable>(
  prepare: () => Promise<void>,
  open: () => T,
  onError: (error: Error) => void,
): Opening<T> {
  let closing = false;
  const isClosing = (): boolean => closing;
  let latest: T | null = null;
  const attempt = async (): Promise<T> => {
    await prepare();
    if (isClosing()) throw new Error('closed before it was opened');
    const opened = (latest = open());
    try {
      await opened.waitUntilReady();
      return opened;
    } catch (error) {
      await opened.close(true).catch(() => undefined); // it was never open
      throw error;
    }
  };
  let current = attempt();
  void keepTrying();

  async function keepTrying(): Promise<void> {
    for (;;) {
      try {
        await current;
        return;
      } catch (error) {
        if (isClosing()) return;
        onError(error instanceof Error ? error : new Error(String(error)));
      }
      await wait(AGAIN_AFTER_MS, undefined, { ref: false });
      if (isClosing()) return;
      current = attempt();
    }
  }

  return {
    opened: () => current,
    close: async (force) => {
      closing = true;
      await latest?.close(force);
    },
  };
}
