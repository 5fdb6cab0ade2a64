/**
 * How long a live, queryable session can at most stay unverified: with `live` sessions and
 * `perSecond` queries a second of which at least `reservedShare` always go to the session that has
 * waited longest, that many fit before its turn comes; and an end takes as long to confirm on top.
 */
export function boundMs(
  live: number,
  perSecond: number,
  reservedShare: number,
  goneConfirmMs: number,
): number {
  return Math.ceil((live / (perSecond * reservedShare)) * 1000) + goneConfirmMs;
}

/** Up to how many sessions the bound keeps to a target, and what would keep it at the present load. */
export type Forecast = {
  targetMs: number;
  sessionsAtTarget: number;
  /** Queries a second that this service would have to be allowed; null where no limit is enough. */
  perSecondForTarget: number | null;
};

export function forecast(
  live: number,
  perSecond: number,
  reservedShare: number,
  goneConfirmMs: number,
  targetMs: number,
): Forecast {
  const seconds = Math.max(targetMs - goneConfirmMs, 0) / 1000;
  return {
    targetMs,
    sessionsAtTarget: Math.floor(seconds * perSecond * reservedShare),
    perSecondForTarget: seconds === 0 ? null : Math.ceil((live / (seconds * reservedShare)) * 10) / 10, // prettier-ignore
  };
}
