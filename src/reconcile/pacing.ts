/**
 * Slots are spaced a little wider than the rate alone asks for. A request that leaves at its slot is
 * delayed by anything up to some 50 ms on its way, and the one after a whole second's worth of slots
 * need not be: with no room to spare both would fall into one second of the other side's clock.
 * Wider than this would waste more of the budget than it protects.
 */
const JITTER_SHARE = 0.05;

/**
 * The distance between two slots, in milliseconds, so that no second, wherever it begins, holds more
 * than `perSecond` of them. Only whole queries fit into a second, so 4.5 a second are paced as 4.
 */
export function slotSpacingMs(perSecond: number): number {
  const whole = perSecond >= 1 ? Math.floor(perSecond) : perSecond;
  return (1000 / whole) * (1 + JITTER_SHARE);
}

/** How much later than its slot a query may leave; one that missed it by more takes another. */
export const LATEST_START_MS = 25;

/**
 * How many queries may stand in the queue: two seconds' worth, so that an urgent one that comes now
 * never waits longer than that behind others.
 */
export function queueRoom(perSecond: number): number {
  return Math.max(1, Math.ceil(perSecond * 2));
}
