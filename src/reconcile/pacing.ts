/**
 * Slots are spaced a little wider than the rate requires. Otherwise the last query of a second would
 * regularly have to wait until the first one's slot is released. The limit itself does not depend on this: no
 * more slots are held than it allows.
 */
const JITTER_SHARE = 0.03;

/**
 * The distance between two slots in milliseconds. Only whole queries count in a second, so a rate of 4.5 is
 * paced as 4.
 * Ours: docs/decisions/005-slots-by-the-databases-clock.md
 */
export function slotSpacingMs(perSecond: number): number {
  const whole = perSecond >= 1 ? Math.floor(perSecond) : perSecond;
  return (1000 / whole) * (1 + JITTER_SHARE);
}

/**
 * How many slots a limit has. A limit below one query a second has one slot and is kept by spacing.
 * @see https://docs.agora.io/en/api-reference/faq/integration/restful_api_call_frequency (read 2026-07); docs/agora.md#limits
 * Ours: docs/decisions/014-slots-that-are-held.md
 */
export function slotsOf(limit: number): number {
  return Math.max(1, Math.floor(limit));
}

/**
 * How many queries may be in the queue: two seconds' worth, so that a new urgent one waits no longer than
 * that behind others.
 */
export function queueRoom(perSecond: number): number {
  return Math.max(1, Math.ceil(perSecond * 2));
}

/** How fast one account may ask, by its limit and its present state. */
export type Pace = {
  /** Queries a second that may be asked. */
  perSecond: number;
  slots: number;
  /** The factor by which 429s slowed it down; 1 if they did not. */
  slowedTo: number;
  /** The mean time for which recent queries held their slot; null if there were none. */
  heldMs: number | null;
};

/**
 * Queries a second that can really be asked. The spacing limits them, and so does the number of slots, each
 * of which is held until a second after its answer.
 * Ours: docs/decisions/020-slow-answers-and-the-bound.md
 */
export function reachablePerSecond({ perSecond, slots, slowedTo, heldMs }: Pace): number {
  const paced = (1000 / slotSpacingMs(perSecond)) * slowedTo;
  return heldMs === null ? paced : Math.min(paced, (slots * 1000) / heldMs);
}
