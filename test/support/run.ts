import { waitFor } from './wait-for.js';
import type { TestWorld } from './world.js';

const PATIENCE = 120_000;

/** Waits until so many seconds of a world's run are over. */
export async function elapsed(world: TestWorld, seconds: number): Promise<void> {
  const passed = (): boolean => world.simulation.progress().elapsedMs >= seconds * 1_000;
  await waitFor(passed, { deadlineMs: PATIENCE, what: `second ${String(seconds)} of the run` });
}

/** Waits for the end of a run, and expects that the ledger was right about all of it. */
export async function expectPerfect(world: TestWorld, sessions: number): Promise<void> {
  await world.simulation.done;
  const score = world.simulation.score();
  const { overLimit, worstSecond } = world.simulation.progress();
  await world.close();
  const { wrongEnds, forgotten, wrongOutcomes } = score;
  if (wrongEnds + forgotten + wrongOutcomes + overLimit > 0) console.info(world.lastWords());
  expect(score).toMatchObject({ sessions, over: sessions });
  expect({ wrongEnds, forgotten, wrongOutcomes }).toEqual({ wrongEnds: 0, forgotten: 0, wrongOutcomes: 0 });
  expect(overLimit).toBe(0);
  expect(worstSecond).toBeLessThanOrEqual(10);
}
