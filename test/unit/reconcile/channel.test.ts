import { readChannel } from '../../../src/reconcile/channel.js';
import { plusMs, type UnixMs } from '../../../src/evidence/instant.js';
import { at } from '../../support/builders.js';

const NOW = at(10_000);
const SESSIONS = 300;

/**
 * When the next heartbeat is due of sessions whose beats are spread over the minute: of the `n`-th
 * one, beats came but for the last `silentBeats(n, ageMs of its latest)`.
 */
function dueOf(silentBeats: (n: number, ageMs: number) => number): UnixMs[] {
  return Array.from({ length: SESSIONS }, (_, n) => {
    const ageMs = (n * 60_000) / SESSIONS;
    const misses = silentBeats(n, ageMs);
    return plusMs(NOW, misses === 0 ? 60_000 - ageMs : -ageMs - (misses - 1) * 60_000);
  });
}

describe('the channel', () => {
  it('works where one heartbeat in twenty is lost, and that is its miss rate', () => {
    const channel = readChannel(
      dueOf((n) => (n % 20 === 0 ? 1 : 0)),
      NOW,
    );
    expect(channel.worksForMs).toBe(Infinity);
    expect(channel.missRate).toBeCloseTo(0.05, 2);
  });

  it('does not work as soon as the latest heartbeats are missing, whatever came before', () => {
    const channel = readChannel(
      dueOf((_, ageMs) => (ageMs < 12_000 ? 1 : 0)),
      NOW,
    );
    expect(channel.worksForMs).toBe(0);
  });

  it('is known to be back within seconds, and since when', () => {
    const channel = readChannel(
      dueOf((_, ageMs) => (ageMs < 22_000 ? 0 : 10)),
      NOW,
    );
    expect(channel.worksForMs).toBe(20_000);
    expect(channel.missRate).toBeLessThan(0.05);
  });

  it('is not judged by sessions that ended while the receiver was unreachable', () => {
    const channel = readChannel(
      dueOf((n) => (n % 5 === 0 ? 8 : 0)),
      NOW,
    );
    expect(channel.worksForMs).toBe(Infinity);
    expect(channel.missRate).toBeLessThan(0.05);
  });

  it('is assumed to work where there is little data', () => {
    const none = readChannel([], NOW);
    expect(none.worksForMs).toBe(Infinity);
    expect(none.missRate).toBeCloseTo(0.05, 2);
    expect(readChannel([plusMs(NOW, -1_000)], NOW).worksForMs).toBe(Infinity);
  });
});
