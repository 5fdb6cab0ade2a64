import fc from 'fast-check';
import { timeScale } from '../../../src/page/picture/time-scale.js';
import { ticksOf } from '../../../src/page/picture/ticks.js';

const WIDTH = 1_200;
const HOUR_MS = 3_600_000;

/** A burst of ten, an hour of silence, and another one. */
const BURSTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((n) => [n * 300, HOUR_MS + n * 300]).sort((a, b) => a - b);

describe('the scale of time', () => {
  it('cuts a long silence out, says how long it is, and spreads the bursts', () => {
    const { breaks, xOf } = timeScale(BURSTS, WIDTH);
    expect(breaks.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([[2_700, HOUR_MS]]);
    expect(xOf(2_700) - xOf(0)).toBeGreaterThan(400);
  });

  it('cuts nothing where nothing is crowded', () => {
    expect(timeScale([0, 10_000, 20_000, 60_000], WIDTH).breaks).toEqual([]);
  });

  it('calls nothing below a second a silence', () => {
    const crowded = [0, 1, 2, 3, 900, 901, 902];
    expect(timeScale(crowded, WIDTH).breaks).toEqual([]);
  });

  it('has fewer breaks on a narrow screen, where each stretch still needs room', () => {
    const many = [0, 1, 2, 3, 4, 5].flatMap((n) => [n * HOUR_MS, n * HOUR_MS + 100]);
    expect(timeScale(many, WIDTH).breaks.length).toBe(5);
    expect(timeScale(many, 330).breaks.length).toBeLessThanOrEqual(2);
  });

  it('shows one instant in the middle', () => {
    expect(timeScale([5], WIDTH).xOf(5)).toBe(WIDTH / 2);
  });

  const instants = fc.uniqueArray(fc.integer({ min: 0, max: 10 * HOUR_MS }), { minLength: 1, maxLength: 60 });

  it('keeps the order of instants, and everything inside the picture', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 300, max: 2_000 }), (drawn, width) => {
        const points = drawn.toSorted((a, b) => a - b);
        const { xOf } = timeScale(points, width);
        const places = points.map(xOf);
        for (const [index, x] of places.entries()) expect(x).toBeGreaterThanOrEqual(places[index - 1] ?? 0);
        expect(places.at(-1)).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('finds the instant under a pointer again', () => {
    fc.assert(
      fc.property(instants, (drawn) => {
        const points = drawn.toSorted((a, b) => a - b);
        const { xOf, atOf, stretches } = timeScale(points, WIDTH);
        for (const at of points) {
          const stretch = stretches.find(({ fromMs, toMs }) => at >= fromMs && at <= toMs);
          const px = Math.max((stretch?.toMs ?? 0) - (stretch?.fromMs ?? 0), 1) / 50;
          expect(Math.abs(atOf(xOf(at)) - at)).toBeLessThanOrEqual(px);
        }
      }),
    );
  });
});

describe('ticks', () => {
  it('stand at round times, far enough apart to be read', () => {
    const { stretches, xOf } = timeScale([0, 600_000], WIDTH);
    const ticks = ticksOf(stretches, xOf);
    expect(ticks.every(({ atMs }) => atMs % 60_000 === 0)).toBe(true);
    expect(ticks.every(({ x }, index) => index === 0 || x - (ticks[index - 1]?.x ?? 0) > 80)).toBe(true);
  });

  it('begin each stretch that has room for one alone', () => {
    const { stretches, xOf } = timeScale(BURSTS, 300);
    expect(ticksOf(stretches, xOf).length).toBeGreaterThanOrEqual(stretches.length);
  });
});
