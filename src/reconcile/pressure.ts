/**
 * How heavy the load of incoming notifications is. They cannot wait for long, and folding can. `burst` is the
 * first seconds of a heavy load, `lasting` a heavy load that goes on.
 */
export type Pressure = 'none' | 'burst' | 'lasting';

/**
 * From this rate on, one process has little time for anything but receiving.
 * Ours: docs/decisions/013-folding-yields-to-receiving.md
 */
const PRESSING_PER_SECOND = 1_200;
const BURST_SECONDS = 10;

export type Inflow = {
  /** Counts notifications that were stored. Times are milliseconds of any monotonic clock. */
  took: (count: number, nowMs: number) => void;
  pressure: (nowMs: number) => Pressure;
};

/**
 * Counts by whole seconds and not by how many notifications wait at a moment: any short delay of the process,
 * for instance by folding itself, makes some of them wait and is no sign of a heavy load.
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
