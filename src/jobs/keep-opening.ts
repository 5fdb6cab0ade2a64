import { setTimeout as wait } from 'node:timers/promises';

/** Ready or not for good: its first connection decides. */
export type Openable = {
  waitUntilReady: () => Promise<unknown>;
  close: (force?: boolean) => Promise<unknown>;
};

export type Opening<T> = {
  /** What is open, once it is. Rejects with the reason where the last attempt failed. */
  opened: () => Promise<T>;
  close: (force?: boolean) => Promise<void>;
};

const AGAIN_AFTER_MS = 1_000;

/**
 * Opens what remembers for ever that its first connection failed: such a one is closed, and another is
 * opened in its place, until one connects. `prepare` comes before each attempt.
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
      await opened.close(true).catch(() => undefined); // of what never was open
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
