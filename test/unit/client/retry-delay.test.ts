import { retryAfterMs } from '../../../src/client/ledger-error.js';
import { retryDelayMs } from '../../../src/client/retry-delay.js';

describe('the wait before the next try', () => {
  it('doubles with each failure up to half a minute, and lies in its upper half', () => {
    expect([1, 2, 3, 7, 50, 2_000].map((failures) => retryDelayMs(failures, null, 0))).toEqual([
      250, 500, 1_000, 15_000, 15_000, 15_000,
    ]);
    expect([1, 7, 2_000].map((failures) => retryDelayMs(failures, null, 0.9999))).toEqual([500, 29_999, 29_999]);
  });

  it('is never shorter than Retry-After asks, and no longer than ten minutes', () => {
    expect([0, 0.5].map((chance) => retryDelayMs(9, 7_000, chance))).toEqual([7_000, 7_500]);
    expect(retryDelayMs(1, 86_400_000, 0)).toBe(600_000);
  });
});

describe('Retry-After', () => {
  const NOW = Date.parse('2026-11-28T12:00:00Z');
  it.each([
    ['5', 5_000],
    ['Sat, 28 Nov 2026 12:00:30 GMT', 30_000],
    ['Sat, 28 Nov 2026 11:00:00 GMT', 0],
    ['soon', null],
    [null, null],
  ])('%s is %s ms', (header, ms) => {
    expect(retryAfterMs(header, NOW)).toBe(ms);
  });
});
