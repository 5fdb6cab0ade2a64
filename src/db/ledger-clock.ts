import { unixMs, type UnixMs } from '../evidence/instant.js';
import type { Queryable } from './database.js';

/**
 * The one clock of all processes: the database's, and in between this process's monotonic one, which
 * nobody sets. Evidence from several machines is compared by these times, and a verdict may rest on them.
 */
export type LedgerClock = {
  now: () => UnixMs;
  /** Measures anew: what a verdict may rest on is dated by this, once it is written down. */
  measure: () => Promise<MeasuredClock>;
  stop: () => void;
};

/** The clock as it stood when it was measured. */
export type MeasuredClock = {
  /** When that was, of a moment of this process's monotonic clock. */
  at: (monotonicMs: number) => UnixMs;
  /** How many steps of the database's clock have been found: only times of one era tell how long something took. */
  era: number;
};

export type LedgerClockOptions = {
  /** Ignored as far as the database disagrees with it. */
  wallMs: () => number;
  /** Goes on evenly whatever is set; performance.now() in a process. */
  monotonicMs: () => number;
  onStep: (byMs: number) => void;
  onError: (error: unknown) => void;
};

const MEASURE_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 1_000;
/** As after a sleep of the machine, in which the monotonic clock stands still. */
const WALL_MOVED_MS = 500;
/** What no clock drifts between two measurements. */
const STEP_MS = 1_000;
/** Within this, clocks that are read one after the other are the same. */
const SAME_MS = 10;

/** Measures now, every ten seconds, and at once when this machine's clocks part. */
export async function startLedgerClock(
  db: Queryable,
  options: LedgerClockOptions,
): Promise<LedgerClock> {
  const { wallMs, monotonicMs, onStep, onError } = options;
  let { originMs } = await readClocks(db, options);
  let underWay: Promise<MeasuredClock> | null = null;
  const measureAlone = async (): Promise<MeasuredClock> => {
    const read = await readClocks(db, options);
    const byMs = read.originMs - originMs;
    const stepped = Math.abs(byMs) > STEP_MS + read.uncertainMs;
    // On record before anything is dated by it: else it could be compared with what was before.
    const era = stepped ? await recordStep(db, byMs) : read.era;
    if (stepped) onStep(byMs);
    if (stepped || read.sameAsWall || Math.abs(byMs) > read.uncertainMs) originMs = read.originMs;
    const origin = originMs;
    return { era, at: (moment) => unixMs(origin + moment) };
  };
  const measure = (): Promise<MeasuredClock> =>
    (underWay ??= measureAlone().finally(() => (underWay = null)));
  const partedMs = (): number => wallMs() - monotonicMs();
  let seen = { partedMs: partedMs(), atMs: monotonicMs() };
  const look = (): void => {
    const isDue = monotonicMs() - seen.atMs >= MEASURE_EVERY_MS;
    if (!isDue && Math.abs(partedMs() - seen.partedMs) < WALL_MOVED_MS) return;
    seen = { partedMs: partedMs(), atMs: monotonicMs() };
    measure().catch(onError);
  };
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return {
    now: () => unixMs(originMs + monotonicMs()),
    measure,
    stop: () => {
      clearInterval(timer);
    },
  };
}

type Clocks = {
  /** The database's time at the zero of the monotonic clock. */
  originMs: number;
  uncertainMs: number;
  /** On one machine the clock is simply that machine's. */
  sameAsWall: boolean;
  era: number;
};

async function readClocks(
  db: Queryable,
  { wallMs, monotonicMs }: LedgerClockOptions,
): Promise<Clocks> {
  const before = monotonicMs();
  const { rows } = await db.query<{ ms: number; era: number }>(
    `select extract(epoch from clock_timestamp())::float8 * 1000 as ms,
            (select coalesce(max(clock_steps.id), 0) from clock_steps) as era`,
  );
  const after = monotonicMs();
  if (rows[0] === undefined) throw new Error('the database did not tell its time');
  const uncertainMs = Math.max((after - before) / 2, SAME_MS);
  const databaseMs = rows[0].ms - (before + after) / 2;
  const machineMs = wallMs() - monotonicMs();
  const sameAsWall = Math.abs(machineMs - databaseMs) <= uncertainMs;
  const originMs = sameAsWall ? machineMs : databaseMs;
  return { originMs, uncertainMs, sameAsWall, era: rows[0].era };
}

async function recordStep(db: Queryable, byMs: number): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `insert into clock_steps (found_at, by_ms) values (clock_timestamp(), $1) returning clock_steps.id`,
    [Math.round(byMs)],
  );
  if (rows[0] === undefined) throw new Error('a step of the clock was recorded and not returned');
  return rows[0].id;
}
