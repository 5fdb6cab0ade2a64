import { findMisfits } from '../../../src/simulator/fitting-rules.js';
import { USUAL_WORLD } from '../../../src/simulator/world-profile.js';

const USUAL = {
  startDeadlineMs: 90_000,
  goneConfirmMs: 90_000,
  routineIntervalMs: 120_000,
  retryBackoffMs: [5_000, 10_000, 15_000, 30_000],
};
const settings = (rules: typeof USUAL, speed: number): string[] =>
  findMisfits(rules, USUAL_WORLD, speed).map(({ setting }) => setting);

describe('the times by which a ledger judges', () => {
  it('fit a world as fast as life when they are the usual ones', () => {
    expect(settings(USUAL, 1)).toEqual([]);
  });

  it('all differ in a world that lives thirty times as fast', () => {
    expect(settings(USUAL, 30)).toEqual([
      'START_DEADLINE_MS',
      'GONE_CONFIRM_MS',
      'ROUTINE_INTERVAL_MS',
      'RETRY_BACKOFF_MS',
    ]);
  });

  it('do not fit where a failover lasts longer than gone means gone', () => {
    expect(settings({ ...USUAL, goneConfirmMs: 84_000 }, 1)).toEqual(['GONE_CONFIRM_MS']);
    expect(settings({ ...USUAL, goneConfirmMs: 85_000 }, 1)).toEqual([]);
  });
});
