import { ours } from '../../../bench/truth/our-policy.js';
import { OURS } from '../../../bench/truth/policies.js';
import { runPolicy } from '../../../bench/truth/run-policy.js';
import { createWorld, isDark, outageEndAfter } from '../../../bench/truth/world.js';

const OUTAGE_FROM = 5_400;
const FIRST_HALF = 300;

describe('while the receiver is unreachable for ten minutes', () => {
  const world = createWorld({ seed: 1, sessions: 2_000, hours: 1.7, tail: 0, outages: true });
  const { traces, wrongEnds, boundBroken } = runPolicy(
    world,
    { name: OURS, hearsNotices: true, make: ours },
    { warmUp: OUTAGE_FROM, drain: 300 },
  );
  const early = traces.filter(({ truth }) => isDark(truth.end, world) && truth.end < OUTAGE_FROM + FIRST_HALF);

  it('finds before it is over 95 % of the sessions that end in its first half, whatever their age', () => {
    expect(early.length).toBeGreaterThan(100);
    const found = early.filter(({ truth, asks: [first = Infinity] }) => first < outageEndAfter(truth.end));
    expect(found.length / early.length).toBeGreaterThan(0.95);
  });

  it('takes no living session for over, and keeps the bound', () => {
    expect(wrongEnds).toBe(0);
    expect(boundBroken).toBe(0);
  });
});
