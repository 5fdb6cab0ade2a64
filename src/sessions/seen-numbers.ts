import type { UnixMs } from '../evidence/instant.js';

/** A run of numbers that were seen, both ends included, and when the earliest of them was received. */
export type SeenRange = { first: number; last: number; receivedMs: UnixMs };

/** A run of numbers that are missing below seen ones, and when the first of those was received. */
export type MissingRange = { from: number; to: number; revealedMs: UnixMs };

/** `ranges` is ascending and disjoint, and so is the result, in whatever order numbers are added. */
export function addNumber(
  ranges: readonly SeenRange[],
  n: number,
  receivedMs: UnixMs,
): readonly SeenRange[] {
  return joinRanges([...ranges, { first: n, last: n, receivedMs }]);
}

/** The union of ranges in any order, overlapping or not. */
export function joinRanges(ranges: readonly SeenRange[]): readonly SeenRange[] {
  const joined: SeenRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const last = joined.at(-1);
    if (last === undefined || range.first > last.last + 1) joined.push(range);
    else joined[joined.length - 1] = join(last, range);
  }
  return joined;
}

function join(a: SeenRange, b: SeenRange): SeenRange {
  return {
    first: a.first,
    last: Math.max(a.last, b.last),
    receivedMs: a.receivedMs <= b.receivedMs ? a.receivedMs : b.receivedMs,
  };
}

/** The numbers from 0 to the highest seen that are not there. */
export function missingNumbers(ranges: readonly SeenRange[]): readonly MissingRange[] {
  return ranges.flatMap(({ first }, index) => {
    const from = index === 0 ? 0 : (ranges[index - 1]?.last ?? 0) + 1;
    const revealedMs = firstReceiptAbove(ranges, first - 1);
    return first > from && revealedMs !== null ? [{ from, to: first - 1, revealedMs }] : [];
  });
}

/** When the first number above `n` was received; null when there is none. */
export function firstReceiptAbove(ranges: readonly SeenRange[], n: number): UnixMs | null {
  return ranges.reduce<UnixMs | null>(
    (first, range) =>
      range.last > n && (first === null || range.receivedMs < first) ? range.receivedMs : first,
    null,
  );
}

export function rangesOverlap(a: readonly SeenRange[], b: readonly SeenRange[]): boolean {
  return a.some(({ first, last }) => b.some((other) => first <= other.last && other.first <= last));
}
