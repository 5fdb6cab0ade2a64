/** A moment as whole milliseconds since 1970-01-01T00:00:00Z. Made only by the functions below. */
export type UnixMs = number & { readonly __unit: 'unix-ms' };

/** `n` is already in milliseconds; fractions are cut off. */
export function unixMs(n: number): UnixMs {
  return Math.trunc(n) as UnixMs;
}

export const DAY_MS = 86_400_000;

/** Below this an epoch value can only be seconds: as milliseconds it would be before March 1973. */
const SMALLEST_MILLISECONDS = 1e11;
/** The end of the year 9999: beyond it ISO 8601 and databases write years in other ways. */
const LARGEST_MILLISECONDS = 253_402_300_799_999;

/**
 * An instant that Agora gives in seconds on one page and in milliseconds on another. The magnitude decides.
 * Zero and negative numbers are placeholders, and numbers beyond the calendar are mistakes: both become null.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#units
 */
export function instantByMagnitude(n: number): UnixMs | null {
  if (!Number.isFinite(n) || n <= 0 || n > LARGEST_MILLISECONDS) return null;
  return unixMs(n < SMALLEST_MILLISECONDS ? n * 1000 : n);
}

export function earlier(a: UnixMs | null, b: UnixMs | null): UnixMs | null {
  if (a === null) return b;
  return b === null || a <= b ? a : b;
}

export function later(a: UnixMs | null, b: UnixMs | null): UnixMs | null {
  if (a === null) return b;
  return b === null || a >= b ? a : b;
}

/** Whether `a` is later than `b`. `isAfter(a, null)` is true: any instant is later than one that never was. */
export function isAfter(a: UnixMs, b: UnixMs | null): boolean {
  return b === null || a > b;
}

export function plusMs(at: UnixMs, durationMs: number): UnixMs {
  return unixMs(at + durationMs);
}

/** ISO 8601 in UTC with milliseconds. */
export function iso(at: UnixMs): string {
  return new Date(at).toISOString();
}

/** The day in UTC, as YYYY-MM-DD: in the order of their texts days follow each other. */
export function utcDay(at: UnixMs): string {
  return iso(at).slice(0, 10);
}
