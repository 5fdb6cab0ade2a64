import type { WorldProfile } from './world-profile.js';

/** What `GET /v1/rules` answers, as far as a world depends on it. Durations in milliseconds. */
export type LedgerRules = {
  startDeadlineMs: number;
  goneConfirmMs: number;
  routineIntervalMs: number;
  retryBackoffMs: readonly number[];
};

/** A setting that does not fit, with the values between which it would. */
export type Misfit = { setting: string; hasMs: number; leastMs: number; mostMs: number; exampleMs: number };

/** The documented times, of a world as fast as life. */
const USUAL = { startDeadlineMs: 90_000, goneConfirmMs: 90_000, routineIntervalMs: 120_000, longestRetryMs: 30_000 };
/** A ledger this much slower than the world still finds everything out before it is scored. */
const SLACK = 2;

/**
 * The settings by which a ledger would be wrong about a world that lives `speed` times as fast as life,
 * or too late. Too short: a failover or a start looks like an end. Too long: no end is known in time.
 */
export function findMisfits(rules: LedgerRules, profile: WorldProfile, speed: number): Misfit[] {
  const [, longestFailoverMs] = profile.failoverMs;
  const [, longestStartMs] = profile.startupMs;
  const longestRetryMs = rules.retryBackoffMs.at(-1) ?? 0;
  const all: [setting: string, hasMs: number, leastMs: number, usualMs: number][] = [
    ['START_DEADLINE_MS', rules.startDeadlineMs, longestStartMs, USUAL.startDeadlineMs],
    ['GONE_CONFIRM_MS', rules.goneConfirmMs, longestFailoverMs, USUAL.goneConfirmMs],
    ['ROUTINE_INTERVAL_MS', rules.routineIntervalMs, 0, USUAL.routineIntervalMs],
    ['RETRY_BACKOFF_MS', longestRetryMs, 0, USUAL.longestRetryMs],
  ];
  return all
    .map(([setting, hasMs, leastMs, usualMs]) => ({
      setting,
      hasMs,
      leastMs: Math.max(Math.floor(leastMs / speed), 1),
      mostMs: Math.ceil((usualMs * SLACK) / speed),
      exampleMs: Math.round(usualMs / speed),
    }))
    .filter(({ hasMs, leastMs, mostMs }) => hasMs < leastMs || hasMs > mostMs);
}
