import { setTimeout as wait } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

export type Silence = {
  /** The longest time so far in which the number did not change, up to now. */
  longestMs: () => number;
  stop: () => Promise<void>;
};

/** Watches a number that should go on changing. */
export function watchForSilence(read: () => number | Promise<number>): Silence {
  let [last, sinceMs, longest, stopped] = [Number.NaN, performance.now(), 0, false];
  const watching = (async (): Promise<void> => {
    while (!stopped) {
      const seen = await read();
      if (seen !== last) [last, sinceMs] = [seen, performance.now()];
      longest = Math.max(longest, performance.now() - sinceMs);
      await wait(LOOK_EVERY_MS);
    }
  })();
  return {
    longestMs: () => longest,
    stop: async () => {
      stopped = true;
      await watching;
    },
  };
}
