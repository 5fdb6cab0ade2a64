import { createGate, type Entry, type Gate } from '../../../src/asking/gate.js';
import { heldAfterMs, slotLeaseMs } from '../../../src/asking/slot-times.js';

let gate: Gate;
let stopping: AbortController;
beforeEach(() => {
  gate = createGate();
  stopping = new AbortController();
});

const enter = (patienceMs = 5_000): Promise<Entry | 'late'> => gate.enter(patienceMs, stopping.signal);

async function within(patienceMs = 5_000): Promise<Entry> {
  const entry = await enter(patienceMs);
  if (entry === 'late') throw new Error('it was not let in');
  return entry;
}

describe('the gate', () => {
  it('lets one in at a time, in the order of coming', async () => {
    const order: number[] = [];
    const pass = async (n: number): Promise<void> => {
      const entry = await within();
      order.push(n);
      await Promise.resolve();
      order.push(n);
      entry.leave();
    };
    await Promise.all([1, 2, 3].map(pass));
    expect(order).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it('gives up on one that has waited for too long, and lets the next one in all the same', async () => {
    const first = await within();
    const [impatient, patient] = [enter(5), within()];
    expect(await impatient).toBe('late');
    first.leave();
    expect(await patient).toBeDefined();
  });

  it('lets only one in for one that leaves twice', async () => {
    const first = await within();
    const [second, third] = [within(), enter(20)];
    first.leave();
    first.leave();
    await second;
    expect(await third).toBe('late');
  });

  it('releases all that wait when the process stops', async () => {
    await within();
    const waiting = [enter(), enter()];
    stopping.abort();
    expect(await Promise.all([...waiting, enter()])).toEqual(['late', 'late', 'late']);
  });
});

describe('a slot', () => {
  it.each([
    ['never_left', 0],
    ['answered', 1_000],
    ['broken', 1_000],
    ['timed_out', 11_000],
  ] as const)('of a query that was %s is held for %i ms more', (end, heldMs) => {
    expect(heldAfterMs(end, 10_000)).toBe(heldMs);
  });

  it('is held by a killed process for as long as one that leaves last and times out', () => {
    expect(slotLeaseMs(10_000)).toBe(21_000);
  });
});
