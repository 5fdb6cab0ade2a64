/**
 * How much of what may go on for ever is kept in a session's facts. Beyond it only what no verdict
 * rests on is left out; every list of details has a table of its own.
 */
export type Bounds = {
  /** Of moments in their order, so many of the earliest and of the latest. */
  ends: number;
  /** Of the 404s since the last sign of life, so many of the latest. */
  notFound: number;
  /** Of the numbers that one sender counts, so many runs. */
  ranges: number;
  /** Of texts and codes that Agora chooses freely, so many of one kind. */
  texts: number;
};

/** What folding depends on beside the evidence. */
export type FoldRules = {
  bounds: Bounds;
  /** The account that an app belongs to; null for an app nobody configured. */
  accountOf: (appId: string) => string | null;
};

export const BOUNDS: Bounds = { ends: 32, notFound: 64, ranges: 256, texts: 20 };

export function foldRules({ accountOf }: Pick<FoldRules, 'accountOf'>): FoldRules {
  return { bounds: BOUNDS, accountOf };
}

/**
 * The first and the last of a sorted list. What is left out now would be left out of any longer list
 * as well, so it is the same in whatever order the elements came.
 */
export function keepEnds<T>(sorted: readonly T[], { ends }: Bounds): readonly T[] {
  if (sorted.length <= 2 * ends) return sorted;
  return [...sorted.slice(0, ends), ...sorted.slice(-ends)];
}
