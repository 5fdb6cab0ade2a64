import fc from 'fast-check';
import { backoffMs, spreadMs } from '../../../src/reconcile/backoff.js';
import { reachablePerSecond, queueRoom, slotsOf, slotSpacingMs } from '../../../src/reconcile/pacing.js';

describe('slots', () => {
  it('put no more than the rate into any second, and use at least 95 % of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (perSecond) => {
        const spacing = slotSpacingMs(perSecond);
        const inOneSecond = Math.ceil(1000 / spacing);
        expect(inOneSecond).toBeLessThanOrEqual(perSecond);
        expect(1000 / spacing).toBeGreaterThanOrEqual(perSecond * 0.95);
      }),
    );
  });

  it('are as many as the limit, and one where that is less', () => {
    expect([10, 4.5, 1, 0.2].map(slotsOf)).toEqual([10, 4, 1, 1]);
  });

  it('are paced by whole queries where the rate is not whole', () => {
    expect(slotSpacingMs(4.5)).toBe(slotSpacingMs(4));
  });

  it('come less than once a second when the rate is below one', () => {
    expect(slotSpacingMs(0.5)).toBeCloseTo(2060);
  });

  it('leave room in the queue for two seconds, and at least for one', () => {
    expect(queueRoom(9)).toBe(18);
    expect(queueRoom(0.1)).toBe(1);
  });
});

describe('backing off', () => {
  it.each([
    [1, 5],
    [2, 10],
    [4, 30],
    [9, 30],
  ])('waits after try %i for %i', (attempt, wait) => {
    expect(backoffMs([5, 10, 15, 30], attempt)).toBe(wait);
  });

  it('spreads by at most a tenth, the same for the same key', () => {
    fc.assert(
      fc.property(fc.string(), (key) => {
        const spread = spreadMs(120_000, key);
        expect(Math.abs(spread - 120_000)).toBeLessThanOrEqual(12_000);
        expect(spreadMs(120_000, key)).toBe(spread);
      }),
    );
  });
});

describe('the queries a second that can be reached', () => {
  const pace = { perSecond: 9, slots: 10, slowedTo: 1, heldMs: null };

  it.each([
    ['the pace while nothing is known of answers', {}, 8.74],
    ['the pace while answers are quick', { heldMs: 1_100 }, 8.74],
    ['what the slots allow while answers are slow', { heldMs: 10_500 }, 0.95],
    ['the part of the pace that 429s left', { slowedTo: 0.125, heldMs: 1_100 }, 1.09],
  ])('are %s', (_what, told, expected) => {
    expect(reachablePerSecond({ ...pace, ...told })).toBeCloseTo(expected, 2);
  });
});
