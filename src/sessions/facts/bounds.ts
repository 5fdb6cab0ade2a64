/**
 * How much of each unbounded list is kept in a session's facts. What is left out changes no verdict; every
 * list of details has its own table.
 */
export type Bounds = {
  /** Of a list of instants, this many of the earliest and of the latest. */
  ends: number;
  /** Of the 404s since the last sign of life, this many of the latest. */
  notFound: number;
  /** Of the sequence numbers of one sender, this many runs. */
  ranges: number;
  /** Of texts and codes that Agora chooses freely, this many of each kind. */
  texts: number;
};

/** What folding depends on, apart from the evidence. */
export type FoldRules = {
  bounds: Bounds;
  /** The account that an app belongs to; null for an app that is not configured. */
  accountOf: (appId: string) => string | null;
};

export const BOUNDS: Bounds = { ends: 32, notFound: 64, ranges: 256, texts: 20 };

export function foldRules({ accountOf }: Pick<FoldRules, 'accountOf'>): FoldRules {
  return { bounds: BOUNDS, accountOf };
}

/**
 * The first and the last elements of a sorted list. What is left out now would be left out of any longer list
 * as well, so the result does not depend on the order in which elements came.
 */
export function keepEnds<T>(sorted: readonly T[], { ends }: Bounds): readonly T[] {
  if (sorted.length <= 2 * ends) return sorted;
  return [...sorted.slice(0, ends), ...sorted.slice(-ends)];
}
