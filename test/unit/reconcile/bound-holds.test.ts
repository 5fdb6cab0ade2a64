import { ours } from '../../../bench/truth/our-policy.js';
import { OURS } from '../../../bench/truth/policies.js';
import { runPolicy } from '../../../bench/truth/run-policy.js';
import { createWorld } from '../../../bench/truth/world.js';

/** Hours take minutes: `npm run test:long`. */
const LARGEST_HOURS = Number(process.env['BOUND_HOURS'] ?? 0.1);

const SIZES = [
  { sessions: 1, hours: 2 },
  { sessions: 2, hours: 2 },
  { sessions: 20, hours: 2 },
  { sessions: 200, hours: 2 },
  { sessions: 2_000, hours: 1 },
  { sessions: 20_000, hours: LARGEST_HOURS },
];

const SPANS = { warmUp: 0, drain: 60 };

describe('the verification bound', () => {
  it.each(SIZES)(
    'is never exceeded by $sessions sessions in $hours h, while receivers are away as well',
    ({ sessions, hours }) => {
      for (const outages of [false, true]) {
        const world = createWorld({ seed: sessions, sessions, hours, tail: 0, outages });
        const { boundBroken, queries } = runPolicy(world, { name: OURS, hearsNotices: true, make: ours }, SPANS);
        expect(boundBroken).toBe(0);
        expect(queries).toBeGreaterThan(0);
      }
    },
    3_600_000,
  );
});
