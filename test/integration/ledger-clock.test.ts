import pg from 'pg';
import { startLedgerClock, type LedgerClock } from '../../src/db/connection/ledger-clock.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { waitFor } from '../support/wait-for.js';

let database: TestDatabase;
let pool: pg.Pool;
let clocks: LedgerClock[];
let steps: number[];

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url });
  [clocks, steps] = [[], []];
});
afterEach(async () => {
  for (const clock of clocks) clock.stop();
  await pool.end();
  await database.drop();
});

/** This machine's clocks, put forward or back by a test; the database's stays as it is. */
type Machine = { wallByMs: number; monotonicByMs: number };

const steady = (): Machine => ({ wallByMs: 0, monotonicByMs: 0 });

/** `aheadMs`: how far the machine's monotonic clock is ahead of this process's own. */
async function startClock(machine: Machine, id: string | null = null, aheadMs = 0): Promise<LedgerClock> {
  const clock = await startLedgerClock(pool, {
    wallMs: () => Date.now() + machine.wallByMs,
    monotonicMs: () => performance.now() + machine.monotonicByMs,
    machine: id === null ? null : { id, aheadMs },
    onStep: (byMs) => steps.push(Math.round(byMs / 1_000)),
    onError: (error) => {
      throw error;
    },
  });
  clocks.push(clock);
  return clock;
}

/** From now, in whole seconds; adding 0 makes a plain zero of one that is negative. */
const seconds = (ms: number): number => Math.round((ms - Date.now()) / 1_000) + 0;

describe("the ledger's clock", () => {
  it.each([120_000, -120_000])('does not follow a wall clock that is set by %d ms', async (byMs) => {
    const machine = { wallByMs: 0, monotonicByMs: 0 };
    const clock = await startClock(machine);
    machine.wallByMs = byMs;
    expect(seconds(clock.now())).toBe(0);
    const { at, era } = await clock.measure();
    expect({ era, now: seconds(at(performance.now())) }).toEqual({ era: 0, now: 0 });
    expect(seconds(clock.now())).toBe(0);
    expect(steps).toEqual([]);
  });

  it('is right from the start where the wall clock is wrong', async () => {
    const clock = await startClock({ wallByMs: 3_600_000, monotonicByMs: 0 });
    expect(seconds(clock.now())).toBe(0);
  });

  // To a process a step of the database's clock and one of its own monotonic clock look the same.
  it.each([80, -80])("finds a step of the database's clock by %d s, and tells all processes", async (bySeconds) => {
    const machine = { wallByMs: 0, monotonicByMs: 0 };
    const [clock, other] = [await startClock(machine), await startClock({ wallByMs: 0, monotonicByMs: 0 })];
    machine.monotonicByMs = -bySeconds * 1_000;
    const { at, era } = await clock.measure();
    expect(steps).toEqual([bySeconds]);
    expect(era).toBe(1);
    expect(seconds(at(performance.now() + machine.monotonicByMs))).toBe(0);
    expect(seconds(clock.now())).toBe(0);
    expect((await other.measure()).era).toBe(1);
    expect((await clock.measure()).era).toBe(1);
    expect(steps).toHaveLength(1);
  });

  it('finds a step by itself, within seconds', async () => {
    const machine = steady();
    const clock = await startClock(machine);
    machine.monotonicByMs = -80_000;
    await waitFor(() => steps.length > 0, { deadlineMs: 5_000, what: 'a step' });
    expect(steps).toEqual([80]);
    expect(seconds(clock.now())).toBe(0);
  });

  it.each([80, -80])('finds a step by %d s that came while no process of the machine ran', async (bySeconds) => {
    const before = await startClock(steady(), 'one machine');
    const kept = async (): Promise<boolean> => (await pool.query('select from clock_origins')).rowCount === 1;
    await waitFor(kept, { deadlineMs: 5_000 });
    before.stop();
    const after = await startClock({ ...steady(), monotonicByMs: -bySeconds * 1_000 }, 'one machine');
    expect(steps).toEqual([bySeconds]);
    expect({ era: (await after.measure()).era, now: seconds(after.now()) }).toEqual({
      era: 1,
      now: 0,
    });
  });

  it('takes another machine, or another process of one, for no step', async () => {
    await startClock(steady(), 'one machine');
    await startClock({ ...steady(), monotonicByMs: -80_000 }, 'another');
    await startClock(steady(), 'one machine');
    expect(steps).toEqual([]);
  });

  it('takes processes of one machine that began at different times for no step', async () => {
    const early = await startClock(steady(), 'one machine');
    const origin = async (): Promise<unknown> => (await pool.query('select origin_ms from clock_origins')).rows[0];
    const known = await waitFor(origin, { deadlineMs: 5_000, what: 'what the first one knew' });
    const late = { ...steady(), monotonicByMs: -80_000 };
    const clock = await startClock(late, 'one machine', 80_000);
    const { at, era } = await clock.measure();
    expect(seconds(at(performance.now() + late.monotonicByMs))).toBe(0);
    expect({ era, now: seconds(clock.now()) }).toEqual({ era: 0, now: 0 });
    await early.measure();
    await startClock(steady(), 'one machine');
    expect(steps).toEqual([]);
    expect(await origin()).toEqual(known);
  });

  it('finds one step once, however many ask at that moment', async () => {
    const machine = { wallByMs: 0, monotonicByMs: 0 };
    const clock = await startClock(machine);
    machine.monotonicByMs = -5_000;
    const eras = await Promise.all([1, 2, 3].map(async () => (await clock.measure()).era));
    expect({ eras, steps }).toEqual({ eras: [1, 1, 1], steps: [5] });
  });
});
