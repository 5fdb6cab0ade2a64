type Lasting<T> = { of: T; fromMs: number; toMs: number };
type Packed<T> = { of: T; x0: number; x1: number; lane: number };

export type Frame = { width: number; fromMs: number; toMs: number; mostLanes: number };

/**
 * Bars in as few lanes as keep them apart, each in the first that is free. Beyond the last lane bars share it: a
 * thousand at once are a dark block either way.
 */
export function packLanes<T>(spans: readonly Lasting<T>[], frame: Frame): { bars: Packed<T>[]; lanes: number } {
  const { width, fromMs, toMs, mostLanes } = frame;
  const xOf = (atMs: number): number => (width * (Math.min(Math.max(atMs, fromMs), toMs) - fromMs)) / (toMs - fromMs);
  const ends: number[] = [];
  const bars = spans
    .toSorted((a, b) => a.fromMs - b.fromMs)
    .map(({ of, fromMs: begin, toMs: end }) => {
      const [x0, x1] = [xOf(begin), xOf(end)];
      const free = ends.findIndex((taken) => taken <= x0);
      const lane = free === -1 ? Math.min(ends.length, mostLanes - 1) : free;
      ends[lane] = Math.max(ends[lane] ?? 0, x1 + 1, x0 + 3);
      return { of, x0, x1, lane };
    });
  return { bars, lanes: Math.max(1, ends.length) };
}
