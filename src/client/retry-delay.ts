const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** A proxy that asks for a day would silence a reader for good. */
const LONGEST_ASKED_MS = 600_000;
/** So that readers who were all refused at once do not all come back at once. */
const SPREAD_MS = 1_000;

/**
 * How long to wait after so many failures in a row, 1 at first: twice as long each time, and somewhere in its upper
 * half. `askedMs`, of `Retry-After`, counts instead, up to ten minutes, and is never undercut. `chance` is in [0, 1).
 */
export function retryDelayMs(failures: number, askedMs: number | null, chance: number): number {
  if (askedMs !== null) return Math.min(askedMs, LONGEST_ASKED_MS) + Math.round(SPREAD_MS * chance);
  const fullMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round((fullMs * (1 + chance)) / 2);
}
