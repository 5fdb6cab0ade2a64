import { unixMs, type UnixMs } from '../../evidence/instant.js';
import { recallOrigin, rememberOrigin, type MachineClock } from './clock-origins.js';
import type { Queryable } from './database.js';

/**
 * The one clock of all processes: the database's time, carried on between measurements by this process's
 * monotonic clock, which cannot be set. Evidence from several machines is compared by these times, and a
 * verdict may rest on them.
 */
export type LedgerClock = {
  now: () => UnixMs;
  /**
   * Measures again, and saves any step that it finds before it returns. What a verdict may rest on is dated
   * by the result.
   */
  measure: () => Promise<MeasuredClock>;
  stop: () => void;
};

/** The clock at one measurement. */
export type MeasuredClock = {
  /** Converts a moment of this process's monotonic clock into the ledger's time. */
  at: (monotonicMs: number) => UnixMs;
  /**
   * How many steps of the database's clock have been found. A duration can only be computed from two times of
   * the same era.
   */
  era: number;
};

export type LedgerClockOptions = {
  /** The wall clock, used only where the database agrees with it. */
  wallMs: () => number;
  /** A monotonic clock that no setting changes; performance.now() in a process. */
  monotonicMs: () => number;
  /** The machine's clock, whose origin earlier processes may have saved; null where it cannot be identified. */
  machine: MachineClock | null;
  onStep: (byMs: number) => void;
  onError: (error: unknown) => void;
};

const MEASURE_EVERY_MS = 10_000;
const LOOK_EVERY_MS = 1_000;
/**
 * A larger difference means that the wall clock was set, or that the machine slept, during which the
 * monotonic clock stands still.
 */
const WALL_MOVED_MS = 500;
/** More than a clock drifts between two measurements. */
const STEP_MS = 1_000;
/** Clocks that are read one after the other count as equal within this. */
const SAME_MS = 10;

/**
 * Measures now, every ten seconds, and at once when this machine's clocks diverge. It continues from what the
 * last process of this machine saved, so that a step is found even if it happened while no process ran.
 */
export async function startLedgerClock(db: Queryable, options: LedgerClockOptions): Promise<LedgerClock> {
  const { machine } = options;
  const known = machine === null ? null : await recallOrigin(db, machine);
  const origin = { ms: known ?? (await readClocks(db, options)).originMs };
  await correct(db, origin, options);
  let underWay: Promise<MeasuredClock> | null = null;
  const measure = (): Promise<MeasuredClock> =>
    (underWay ??= correct(db, origin, options).finally(() => (underWay = null)));
  const watch = watchClocks(options, () => void measure().catch(options.onError));
  return {
    now: () => unixMs(origin.ms + options.monotonicMs()),
    measure,
    stop: () => {
      clearInterval(watch);
    },
  };
}

/** Corrects the origin, and records a step before anything is dated by the new time. */
async function correct(db: Queryable, origin: { ms: number }, options: LedgerClockOptions): Promise<MeasuredClock> {
  const read = await readClocks(db, options);
  const byMs = read.originMs - origin.ms;
  const stepped = Math.abs(byMs) > STEP_MS + read.uncertainMs;
  const era = stepped ? await recordStep(db, byMs) : read.era;
  if (stepped) options.onStep(byMs);
  if (read.sameAsWall || Math.abs(byMs) > read.uncertainMs) origin.ms = read.originMs;
  const { ms } = origin;
  if (options.machine !== null) rememberOrigin(db, options.machine, ms).catch(options.onError);
  return { era, at: (moment) => unixMs(ms + moment) };
}

/** Calls `measure` regularly, and at once when the wall clock and the monotonic clock have diverged. */
function watchClocks({ wallMs, monotonicMs }: LedgerClockOptions, measure: () => void): NodeJS.Timeout {
  const look = () => ({ atMs: monotonicMs(), apartMs: wallMs() - monotonicMs() });
  let last = look();
  return setInterval(() => {
    const seen = look();
    const isDue = seen.atMs - last.atMs >= MEASURE_EVERY_MS;
    if (!isDue && Math.abs(seen.apartMs - last.apartMs) < WALL_MOVED_MS) return;
    last = seen;
    measure();
  }, LOOK_EVERY_MS).unref();
}

type Clocks = {
  /** The database's time at the zero of the monotonic clock. */
  originMs: number;
  uncertainMs: number;
  /** On one machine the clock is simply that machine's. */
  sameAsWall: boolean;
  era: number;
};

async function readClocks(db: Queryable, { wallMs, monotonicMs }: LedgerClockOptions): Promise<Clocks> {
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
