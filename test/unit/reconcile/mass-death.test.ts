import { ours } from '../../../bench/truth/our-policy.js';
import { QUERIES_PER_SECOND } from '../../../bench/truth/policy.js';
import { OURS } from '../../../bench/truth/policies.js';
import { runPolicy } from '../../../bench/truth/run-policy.js';
import { createWorld, type TruthWorld } from '../../../bench/truth/world.js';

const SESSIONS = 5_000;
const DYING = 2_000;
const FROM = 600;
const DRAIN = 1_200;
/** One in a fixed number of sessions dies within one minute, and no notification reports it. */
function aMassDeath(): TruthWorld {
  const quiet = createWorld({ seed: 1, sessions: 1, hours: 720 / 3_600, tail: 0, outages: false });
  const all = Array.from({ length: SESSIONS }, (_, index) => ({
    index,
    start: -7_200 - ((index * 7_919) % 3_600),
    end: (index * DYING) % SESSIONS < DYING ? FROM + ((index * 104_729) % 600) / 10 : Infinity,
    failovers: [],
    exitHeard: null,
    started: true,
    filesTold: true,
  }));
  return { ...quiet, sessions: SESSIONS, all };
}

describe('when many sessions die at once, unheard', () => {
  const { delays, wrongEnds, asked } = runPolicy(
    aMassDeath(),
    { name: OURS, hearsNotices: true, make: ours },
    { warmUp: FROM, drain: DRAIN },
  );

  it('takes none of those that live on for over', () => {
    expect(delays).toHaveLength(DYING);
    expect(wrongEnds).toBe(0);
  });

  it('finishes the runs of 404s that it began: hardly one breaks off and is begun anew', () => {
    expect(asked['run of 404s']).toBeLessThan(2 * DYING * 1.01);
  });

  it('finds every one of them within the time that their queries need, and a tenth more', () => {
    const neededSeconds = (3 * DYING) / QUERIES_PER_SECOND;
    expect(Math.max(...delays)).toBeLessThanOrEqual(neededSeconds * 1.1);
  });
});
