/**
 * How long a live, queryable session can at most stay unverified: with `live` sessions and
 * `perSecond` queries a second of which at least `reservedShare` always go to the session that has
 * waited longest, that many fit before its turn comes. Null while nothing can be asked.
 */
export function boundMs(
  live: number,
  perSecond: number,
  reservedShare: number,
  goneConfirmMs: number,
): number | null {
  if (perSecond <= 0) return null;
  return Math.ceil((live / (perSecond * reservedShare)) * 1000) + goneConfirmMs;
}
