/**
 * Slots are spaced a little wider than the rate alone asks for, so that a second's worth of queries does
 * not regularly meet the end of the first one's hold. The limit itself does not rest on this: no more
 * slots are held than it allows.
 */
const JITTER_SHARE = 0.03;

/**
 * The distance between two slots, in milliseconds. Only whole queries fit into a second, so 4.5 a
 * second are paced as 4.
 * Ours: docs/decisions/005-slots-by-the-databases-clock.md
 */
export function slotSpacingMs(perSecond: number): number {
  const whole = perSecond >= 1 ? Math.floor(perSecond) : perSecond;
  return (1000 / whole) * (1 + JITTER_SHARE);
}

/**
 * How many slots a limit has; one below one a second has one, and its spacing does the rest.
 * @see https://docs.agora.io/en/api-reference/faq/integration/restful_api_call_frequency (read 2026-07); docs/agora.md#limits
 * Ours: docs/decisions/014-slots-that-are-held.md
 */
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

/** What one account may ask, by its limit and as things are. */
export type Pace = {
  /** Queries a second that may be asked. */
  perSecond: number;
  slots: number;
  /** The part of the pace that it was slowed down to; 1 where it was not. */
  slowedTo: number;
  /** For how long queries of late held their slot; null where none was asked. */
  heldMs: number | null;
};

/**
 * Queries a second that can really be asked: no more leave than their distance allows, and no more than
 * there are slots for, each of which is held until a second after its answer.
 * Ours: docs/decisions/020-slow-answers-and-the-bound.md
 */
export function reachablePerSecond({ perSecond, slots, slowedTo, heldMs }: Pace): number {
  const paced = (1000 / slotSpacingMs(perSecond)) * slowedTo;
  return heldMs === null ? paced : Math.min(paced, (slots * 1000) / heldMs);
}
