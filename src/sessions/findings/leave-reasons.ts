/**
 * The bits of `leaveCode` (event 41).
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#leave-code
 */
const LEAVE_BITS: readonly (readonly [bit: number, reason: string])[] = [
  [2, 'its process was interrupted (SIGINT)'],
  [4, 'the channel was idle for maxIdleTime'],
  [8, 'a timer of its own'],
  [16, 'it was told to leave'],
];

/**
 * Told to leave, alone or together with the timer bit that Agora says to ignore.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#leave-code
 */
export const EXPECTED_LEAVE_CODES: readonly number[] = [16, 24];

/**
 * Several bits may be set; no bit means that initialising failed.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#leave-code
 */
export function leaveReasons(leaveCode: number): readonly string[] {
  const reasons = LEAVE_BITS.filter(([bit]) => (leaveCode & bit) !== 0).map(([, reason]) => reason);
  if (reasons.length > 0) return reasons;
  return [leaveCode === 0 ? 'it could not be initialised' : `code ${String(leaveCode)}`];
}
