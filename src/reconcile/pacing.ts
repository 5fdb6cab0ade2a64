/**
 * Slots are spaced a little wider than the rate alone asks for, so that a second's worth of queries does
 * not regularly meet the end of the first one's hold. The limit itself does not rest on this: no more
 * slots are held than it allows.
 */
const JITTER_SHARE = 0.03;

/**
 * The distance between two slots, in milliseconds. Only whole queries fit into a second, so 4.5 a
 * second are paced as 4.
 */
export function slotSpacingMs(perSecond: number): number {
  const whole = perSecond >= 1 ? Math.floor(perSecond) : perSecond;
  return (1000 / whole) * (1 + JITTER_SHARE);
}

/** How many slots a limit has; one below one a second has one, and its spacing does the rest. */
export function slotsOf(limit: number): number {
  return Math.max(1, Math.floor(limit));
}

/**
 * How many queries may stand in the queue: two seconds' worth, so that an urgent one that comes now
 * never waits longer than that behind others.
 */
export function queueRoom(perSecond: number): number {
  return Math.max(1, Math.ceil(perSecond * 2));
}
