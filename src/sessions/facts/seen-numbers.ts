import type { UnixMs } from '../../evidence/instant.js';

/** A run of numbers that were received, both ends included, and when the earliest of them was received. */
export type SeenRange = { first: number; last: number; receivedMs: UnixMs };

/** A run of numbers that are missing below received ones, and when the first of those was received. */
export type MissingRange = { from: number; to: number; revealedMs: UnixMs };

/**
 * `ranges` is ascending and disjoint, and so is the result, in whatever order numbers are added. Mostly
 * a number follows the last one, so it is looked for from the end.
 */
export function addNumber(ranges: readonly SeenRange[], n: number, receivedMs: UnixMs): readonly SeenRange[] {
  let index = ranges.length;
  while (index > 0 && (ranges[index - 1]?.first ?? 0) > n) index -= 1;
  const [below, above] = [ranges[index - 1], ranges[index]];
  const touchesBelow = below !== undefined && n <= below.last + 1;
  const touchesAbove = above !== undefined && n + 1 === above.first;
  const from = touchesBelow ? index - 1 : index;
  const to = touchesAbove ? index + 1 : index;
  const joined = ranges.slice(from, to).reduce(join, { first: n, last: n, receivedMs });
  return [...ranges.slice(0, from), joined, ...ranges.slice(to)];
}

function join(a: SeenRange, b: SeenRange): SeenRange {
  return {
    first: Math.min(a.first, b.first),
    last: Math.max(a.last, b.last),
    receivedMs: a.receivedMs <= b.receivedMs ? a.receivedMs : b.receivedMs,
  };
}

export function holdsNumber(ranges: readonly SeenRange[], n: number): boolean {
  const range = ranges.findLast(({ first }) => first <= n);
  return range !== undefined && n <= range.last;
}

/** The numbers from 0 to the highest received one that are missing. */
export function missingNumbers(ranges: readonly SeenRange[]): readonly MissingRange[] {
  const missing: MissingRange[] = [];
  let revealedMs: UnixMs | null = null;
  for (let index = ranges.length - 1; index >= 0; index -= 1) {
    const range = ranges[index];
    if (range === undefined) continue;
    if (revealedMs === null || range.receivedMs < revealedMs) revealedMs = range.receivedMs;
    const from = index === 0 ? 0 : (ranges[index - 1]?.last ?? 0) + 1;
    if (range.first > from) missing.push({ from, to: range.first - 1, revealedMs });
  }
  return missing.reverse();
}

/** When the first number above `n` was received; null if there is none. */
export function firstReceiptAbove(ranges: readonly SeenRange[], n: number): UnixMs | null {
  let first: UnixMs | null = null;
  for (let index = ranges.length - 1; index >= 0; index -= 1) {
    const range = ranges[index];
    if (range === undefined || range.last <= n) break;
    if (first === null || range.receivedMs < first) first = range.receivedMs;
  }
  return first;
}
