const AGAIN_AFTER_MS = 60_000;
/** What is told apart; some of it is different each time. */
const MOST_KEYS = 100;

/**
 * How often something came since it was last told, or null where it is not to be told now: it is when it
 * first comes, and then once a minute.
 */
export type Sparingly = (key: string) => { repeated: number } | null;

export function createSparingly(nowMs: () => number = () => performance.now()): Sparingly {
  const told = new Map<string, { atMs: number; repeated: number }>();
  return (key) => {
    const last = told.get(key);
    if (last !== undefined && nowMs() - last.atMs < AGAIN_AFTER_MS) {
      last.repeated += 1;
      return null;
    }
    if (told.size >= MOST_KEYS) told.clear();
    told.set(key, { atMs: nowMs(), repeated: 0 });
    return { repeated: last?.repeated ?? 0 };
  };
}
