const AGAIN_AFTER_MS = 60_000;
/** How many different keys are remembered; some contain a value that differs each time. */
const MOST_KEYS = 100;

/** Calls `tell`, now or when the minute is over, with how often the same key came since it was last told. */
export type Sparingly = (key: string, tell: (repeated: number) => void) => void;

/** One key: how often it came since it was last told, and how to tell that when its minute is over. */
type Remembered = { repeated: number; summary: NodeJS.Timeout; tell: (repeated: number) => void };

/**
 * Tells what comes first at once, and then once a minute, as long as it comes. What came within a minute is
 * told when the minute is over, so no count is lost if nothing comes any more.
 */
export function createSparingly(): Sparingly {
  const remembered = new Map<string, Remembered>();
  return (key, tell) => {
    const last = remembered.get(key);
    if (last !== undefined) {
      last.repeated += 1;
      last.tell = tell;
      return;
    }
    if (remembered.size >= MOST_KEYS) forgetAll(remembered);
    tell(0);
    remember(remembered, key, tell);
  };
}

/** After a minute in which nothing came, the key is forgotten: the next one is a first one again. */
function remember(remembered: Map<string, Remembered>, key: string, tell: (repeated: number) => void): void {
  const summary = setTimeout(() => {
    const last = remembered.get(key);
    remembered.delete(key);
    if (last === undefined || last.repeated === 0) return;
    last.tell(last.repeated);
    remember(remembered, key, last.tell);
  }, AGAIN_AFTER_MS).unref();
  remembered.set(key, { repeated: 0, summary, tell });
}

function forgetAll(remembered: Map<string, Remembered>): void {
  for (const { repeated, summary, tell } of remembered.values()) {
    clearTimeout(summary);
    if (repeated > 0) tell(repeated);
  }
  remembered.clear();
}
