/** A run of whole numbers, both ends included. */
export type NumberRange = readonly [first: number, last: number];

/** `ranges` is ascending and disjoint, and so is the result. Adding what is there changes nothing. */
export function addNumber(ranges: readonly NumberRange[], n: number): readonly NumberRange[] {
  const index = ranges.findLastIndex(([first]) => first <= n);
  const before = ranges[index];
  if (before !== undefined && n <= before[1]) return ranges;
  const after = ranges[index + 1];
  const joinsBefore = before !== undefined && before[1] === n - 1;
  const joinsAfter = after !== undefined && after[0] === n + 1;
  const merged: NumberRange = [joinsBefore ? before[0] : n, joinsAfter ? after[1] : n];
  return [
    ...ranges.slice(0, joinsBefore ? index : index + 1),
    merged,
    ...ranges.slice(joinsAfter ? index + 2 : index + 1),
  ];
}

/** The numbers missing between `from` and the highest one present. */
export function missingRanges(
  ranges: readonly NumberRange[],
  from: number,
): readonly NumberRange[] {
  const missing: NumberRange[] = [];
  let expected = from;
  for (const [first, last] of ranges) {
    if (first > expected) missing.push([expected, first - 1]);
    expected = Math.max(expected, last + 1);
  }
  return missing;
}

export function rangesOverlap(a: readonly NumberRange[], b: readonly NumberRange[]): boolean {
  return a.some(([first, last]) => b.some((other) => first <= other[1] && other[0] <= last));
}

export function countNumbers(ranges: readonly NumberRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
