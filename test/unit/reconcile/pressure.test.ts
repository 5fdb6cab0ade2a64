import { createInflow, type Pressure } from '../../../src/reconcile/pressure.js';

/** The pressure at the end of each second in which so many notifications came. */
function pressures(perSecond: readonly number[]): Pressure[] {
  const inflow = createInflow();
  return perSecond.map((count, second) => {
    for (let tenth = 0; tenth < 10; tenth += 1) {
      inflow.took(count / 10, (second + 1) * 1_000 + tenth * 100);
    }
    return inflow.pressure((second + 1) * 1_000 + 999);
  });
}

describe('pressure', () => {
  it('is none at a usual load, also where all of a second come at once', () => {
    expect(new Set(pressures(Array.from({ length: 30 }, () => 500)))).toEqual(new Set(['none']));
    const inflow = createInflow();
    inflow.took(500, 5_010);
    expect(inflow.pressure(5_020)).toBe('none');
  });

  it('is a burst at first and lasting when it goes on, and is over a second after it', () => {
    const told = pressures([...Array.from({ length: 14 }, () => 3_000), 100, 100, 3_000]);
    expect(told.slice(0, 11).every((pressure) => pressure === 'burst')).toBe(true);
    expect(told.slice(11)).toEqual(['lasting', 'lasting', 'lasting', 'lasting', 'none', 'burst']);
  });

  it('is forgotten over a pause', () => {
    const inflow = createInflow();
    inflow.took(5_000, 1_000);
    expect(inflow.pressure(1_500)).toBe('burst');
    expect(inflow.pressure(3_000)).toBe('none');
  });
});
