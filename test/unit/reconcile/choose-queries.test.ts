import {
  chooseQueries,
  firstFromMs,
  oldestFirst,
  type Candidate,
  type Heads,
  type Situation,
} from '../../../src/reconcile/choose-queries.js';
import { priorityOf } from '../../../src/reconcile/query-class.js';
import { at } from '../../support/builders.js';

const due = (sid: string, queryClass: Parameters<typeof priorityOf>[0], seconds: number): Candidate => ({
  sid,
  priority: priorityOf(queryClass),
  sinceMs: at(seconds),
});
const waiting = (sid: string, seconds: number) => ({ sid, sinceMs: at(seconds) });
const NONE: Heads = { due: [], proofs: [], likely: [], turns: [], suspects: [], oldest: [] };
const USUAL: Situation = { room: 9, firstFromMs: 600_000, chance: 0, nowMs: at(600) };

const chosen = (heads: Partial<Heads>, situation: Partial<Situation> = {}): string[] =>
  chooseQueries({ ...NONE, ...heads }, { ...USUAL, ...situation }).map(({ sid }) => sid);

describe('choosing', () => {
  it('goes by class and then by waiting, and asks about no session twice', () => {
    const heads = {
      due: [
        due('r', 'routine', 0),
        due('e2', 'confirm_start', 20),
        due('e1', 'confirm_start', 10),
        due('x', 'confirm_report', 0),
      ],
      proofs: [waiting('p', 590)],
      suspects: [waiting('r', 590)],
    };
    expect(chosen(heads)).toEqual(['p', 'e1', 'e2', 'r', 'x']);
  });

  it('asks about likely ends after triggered queries, in their order, and before sessions with one missed heartbeat', () => {
    const heads = {
      due: [due('trigger', 'trigger', 599), due('report', 'confirm_report', 0)],
      likely: [waiting('short', 400), waiting('long', 100)],
      suspects: [waiting('once', 590)],
    };
    expect(chosen(heads)).toEqual(['trigger', 'short', 'long', 'once', 'report']);
  });

  it('leaves the oldest their share of what is not urgent', () => {
    const suspects = Array.from({ length: 20 }, (_, n) => waiting(`s${String(n)}`, n));
    const oldest = [waiting('o1', 300), waiting('o2', 301), waiting('o3', 302), waiting('o4', 303)];
    const sids = chosen({ suspects, oldest }, { room: 10 });
    expect(sids.slice(0, 4)).toEqual(['o1', 'o2', 'o3', 's0']);
    expect(sids).toHaveLength(10);
    expect(chosen({ suspects, oldest }, { room: 1, chance: 0.71 })).toEqual(['o1']);
    expect(chosen({ suspects, oldest }, { room: 1, chance: 0.69 })).toEqual(['s0']);
  });

  it('asks about silent sessions in their turn before the oldest get their share, and after what is urgent', () => {
    const heads = {
      due: [due('urgent', 'confirm_start', 599), due('look', 'last_look', 0)],
      turns: [waiting('t1', 500), waiting('t2', 501)],
      oldest: [waiting('old', 300)],
      suspects: [waiting('silent', 400)],
    };
    expect(chosen(heads, { room: 4 })).toEqual(['urgent', 't1', 't2', 'old']);
    expect(chosen(heads, { firstFromMs: 300_000, room: 1 })).toEqual(['old']);
  });

  it('asks before anything else about sessions that have waited for too long', () => {
    const urgent = Array.from({ length: 20 }, (_, n) => due(`e${String(n)}`, 'confirm_end', n));
    const oldest = [waiting('o1', 0), waiting('o2', 1)];
    const sids = chosen({ due: urgent, oldest }, { room: 3, firstFromMs: 599_500 });
    expect(sids).toEqual(['o1', 'e0', 'e1']);
  });

  it('puts the old before everything else early enough to ask all of them in time', () => {
    const ages = oldestFirst(5_000, 8, 120_000);
    const roundMs = (5_000 / (8 * 0.3)) * 1000;
    const askingMs = (old: number): number => (old / 8) * 1000;
    expect(ages.byMs).toBeCloseTo(roundMs);
    expect(ages.countedFromMs + askingMs(5_000)).toBeCloseTo(ages.byMs);
    for (const old of [0, 1, 100, 1_000, 4_000]) {
      expect(firstFromMs(ages, old, 8) + askingMs(old)).toBeLessThanOrEqual(ages.byMs);
    }
    expect(firstFromMs(ages, 5_000, 8)).toBe(ages.countedFromMs);
  });

  it('does not let a few old ones delay anything urgent', () => {
    const ages = oldestFirst(5_000, 8, 120_000);
    const earlierMs = firstFromMs(ages, 1_000, 8);
    expect(firstFromMs(ages, 10, 8)).toBeGreaterThan(earlierMs);
    expect(earlierMs).toBeGreaterThan(ages.countedFromMs);
  });

  it('asks about every session at the routine interval under light load', () => {
    expect(oldestFirst(10, 8, 120_000)).toMatchObject({ shareFromMs: 120_000, countedFromMs: 120_000 });
  });
});
