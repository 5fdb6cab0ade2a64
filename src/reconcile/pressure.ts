/**
 * How hard notifications press in: they cannot wait for long, folding them can. `burst` for the first
 * seconds of it, `lasting` when it goes on.
 */
export type Pressure = 'none' | 'burst' | 'lasting';

/**
 * So many notifications a second leave one process little time for anything else.
 * Ours: docs/decisions/013-folding-yields-to-receiving.md
 */
const PRESSING_PER_SECOND = 1_200;
const BURST_SECONDS = 10;

export type Inflow = {
  /** So many notifications were taken in. Times are in milliseconds, of any clock that only goes on. */
  took: (count: number, nowMs: number) => void;
  pressure: (nowMs: number) => Pressure;
};

/**
 * Counts by whole seconds, not by how many wait at a moment: whatever holds a process up for a moment,
 * folding itself for one, makes some wait, and must not be taken for pressure.
 */
export function createInflow(): Inflow {
  let [second, during, before, pressedFor] = [0, 0, 0, 0];
  const moveTo = (nowMs: number): void => {
    const next = Math.floor(nowMs / 1_000);
    if (next === second) return;
    before = next === second + 1 ? during : 0;
    pressedFor = before >= PRESSING_PER_SECOND ? pressedFor + 1 : 0;
    [second, during] = [next, 0];
  };
  return {
    took: (count, nowMs) => {
      moveTo(nowMs);
      during += count;
    },
    pressure: (nowMs) => {
      moveTo(nowMs);
      if (Math.max(during, before) < PRESSING_PER_SECOND) return 'none';
      return pressedFor <= BURST_SECONDS ? 'burst' : 'lasting';
    },
  };
}
