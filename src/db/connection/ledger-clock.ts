import { unixMs, type UnixMs } from '../../evidence/instant.js';
import { recallOrigin, rememberOrigin, type MachineClock } from './clock-origins.js';
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
  /** Of which processes before this one have left what they knew; null where nothing can be known. */
  machine: MachineClock | null;
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

/**
 * Measures now, every ten seconds, and at once when this machine's clocks part. It goes on from where the
 * last process of this machine was, so that a step is found that came while none ran.
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

/** Puts the origin right, and a step on record before anything is dated by it. */
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

/** Calls `measure` when it is time to, and when wall clock and monotonic clock have come apart. */
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
