import pg from 'pg';
import { startLedgerClock, type LedgerClock } from '../../src/db/ledger-clock.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

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

async function startClock(machine: Machine): Promise<LedgerClock> {
  const clock = await startLedgerClock(pool, {
    wallMs: () => Date.now() + machine.wallByMs,
    monotonicMs: () => performance.now() + machine.monotonicByMs,
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
  it.each([120_000, -120_000])(
    'does not follow a wall clock that is set by %d ms',
    async (byMs) => {
      const machine = { wallByMs: 0, monotonicByMs: 0 };
      const clock = await startClock(machine);
      machine.wallByMs = byMs;
      expect(seconds(clock.now())).toBe(0);
      const { at, era } = await clock.measure();
      expect({ era, now: seconds(at(performance.now())) }).toEqual({ era: 0, now: 0 });
      expect(seconds(clock.now())).toBe(0);
      expect(steps).toEqual([]);
    },
  );

  it('is right from the start where the wall clock is wrong', async () => {
    const clock = await startClock({ wallByMs: 3_600_000, monotonicByMs: 0 });
    expect(seconds(clock.now())).toBe(0);
  });

  // To a process a step of the database's clock and one of its own monotonic clock look the same.
  it.each([80, -80])(
    "finds a step of the database's clock by %d s, and tells all processes",
    async (bySeconds) => {
      const machine = { wallByMs: 0, monotonicByMs: 0 };
      const [clock, other] = [await startClock(machine), await startClock({ wallByMs: 0, monotonicByMs: 0 })]; // prettier-ignore
      machine.monotonicByMs = -bySeconds * 1_000;
      const { at, era } = await clock.measure();
      expect(steps).toEqual([bySeconds]);
      expect(era).toBe(1);
      expect(seconds(at(performance.now() + machine.monotonicByMs))).toBe(0);
      expect(seconds(clock.now())).toBe(0);
      expect((await other.measure()).era).toBe(1);
      expect((await clock.measure()).era).toBe(1);
      expect(steps).toHaveLength(1);
    },
  );

  it('finds one step once, however many ask at that moment', async () => {
    const machine = { wallByMs: 0, monotonicByMs: 0 };
    const clock = await startClock(machine);
    machine.monotonicByMs = -5_000;
    const eras = await Promise.all([1, 2, 3].map(async () => (await clock.measure()).era));
    expect({ eras, steps }).toEqual({ eras: [1, 1, 1], steps: [5] });
  });
});
