import type { Stretch } from './time-scale.js';

export type Tick = { atMs: number; x: number };

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
];
/** So that two labels such as 10:32:05.250 do not touch. */
const APART_PX = 86;

/** Round times along each stretch; one that is too narrow has its beginning alone. */
export function ticksOf(stretches: readonly Stretch[], xOf: (atMs: number) => number): Tick[] {
  return stretches.flatMap((stretch) => {
    const { fromMs, toMs, x0, x1 } = stretch;
    const most = Math.floor((x1 - x0) / APART_PX);
    const stepMs = STEPS_MS.find((step) => (toMs - fromMs) / step < most) ?? 86_400_000;
    const round: Tick[] = [];
    for (let atMs = Math.ceil(fromMs / stepMs) * stepMs; atMs <= toMs; atMs += stepMs) {
      const x = xOf(atMs);
      if (x <= x1 - APART_PX / 2) round.push({ atMs, x });
    }
    return round.length > 0 ? round : [{ atMs: fromMs, x: xOf(fromMs) }];
  });
}
