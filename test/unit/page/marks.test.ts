import type { Happening } from '../../../src/page/picture/happenings.js';
import { labelOf, marksOf } from '../../../src/page/picture/marks.js';
import { packLanes } from '../../../src/page/picture/pack-lanes.js';

function aHappening(index: number, told: Partial<Happening> = {}): Happening {
  const atMs = told.atMs ?? index * 1_000;
  const usual = { lane: 'notices', tone: 'plain', count: 1, copies: 1, label: 'slice', weight: 3 } as const;
  return { index, atMs, untilMs: atMs, ...usual, ...told };
}

/** One px is a second. */
const xOf = (atMs: number): number => atMs / 1_000;

describe('marks', () => {
  it('that would lie upon each other are one, named after the weightiest, with a count', () => {
    const exit = aHappening(2, { label: 'exit', tone: 'good', weight: 9 });
    const [mark, ...others] = marksOf([aHappening(0), aHappening(1), exit], xOf, 500);
    expect(others).toEqual([]);
    expect(mark).toMatchObject({ label: 'exit', tone: 'good', count: 3, entries: [0, 1, 2] });
    expect(mark && labelOf(mark)).toBe('exit +2');
  });

  it('never join an answer with a 404: what lies between them is the question', () => {
    const answered = aHappening(0, { lane: 'queries', tone: 'alive', label: 'answered' });
    const absent = aHappening(1, { lane: 'queries', tone: 'absent', label: '404' });
    expect(marksOf([answered, absent], xOf, 500).map(({ label }) => label)).toEqual(['answered', '404']);
  });

  it('of heartbeats are few, each with its count', () => {
    const beats = Array.from({ length: 120 }, (_, n) => aHappening(n, { tone: 'beat', label: 'heartbeat', weight: 0 }));
    const marks = marksOf(beats, xOf, 500);
    expect(marks.length).toBe(2);
    expect(marks.map(labelOf)).toEqual(['heartbeat ×60', 'heartbeat ×60']);
  });

  it('count how often notifications came', () => {
    const [mark] = marksOf([aHappening(0, { copies: 3 })], xOf, 500);
    expect(mark).toMatchObject({ count: 1, copies: 3 });
  });

  it('give a label only where it touches no other', () => {
    const rows = marksOf(
      Array.from({ length: 12 }, (_, n) => aHappening(n * 16, { label: 'recorder started' })),
      xOf,
      500,
    ).map(({ row }) => row);
    expect(new Set(rows)).toEqual(new Set([0, 1, 2, null]));
  });

  it('of 20,000 happenings are made at once, and no more of them than there is room', () => {
    const many = Array.from({ length: 20_000 }, (_, n) => aHappening(n, { atMs: n * 10 }));
    const startedMs = performance.now();
    const marks = marksOf(many, (atMs) => atMs / 200, 1_000);
    expect(performance.now() - startedMs).toBeLessThan(500);
    expect(marks.length).toBeLessThan(80);
  });
});

describe('bars of a day', () => {
  it('lie in the first lane that is free', () => {
    const spans = [
      { of: 'a', fromMs: 0, toMs: 50 },
      { of: 'b', fromMs: 10, toMs: 20 },
      { of: 'c', fromMs: 60, toMs: 90 },
    ];
    const { bars, lanes } = packLanes(spans, { width: 100, fromMs: 0, toMs: 100, mostLanes: 5 });
    expect(bars.map(({ of, lane }) => [of, lane])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
    ]);
    expect(lanes).toBe(2);
  });

  it('share the last lane where there are too many', () => {
    const spans = Array.from({ length: 50 }, (_, n) => ({ of: n, fromMs: 0, toMs: 100 }));
    expect(packLanes(spans, { width: 100, fromMs: 0, toMs: 100, mostLanes: 5 }).lanes).toBe(5);
  });
});
