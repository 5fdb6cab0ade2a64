import { OLDEST_FIRST_SHARE } from './choose-queries.js';

/** What the bound depends on: how many sessions there are to ask about, how fast, and by which rules. */
export type AskingLoad = {
  /** Live sessions and those whose end is yet to be looked at for the last time. */
  sessions: number;
  /** Queries a second that can be asked. */
  perSecond: number;
};

export type BoundRules = {
  routineIntervalMs: number;
  goneConfirmMs: number;
  goneMarginMs: number;
};

/** Routine queries are spread by up to a tenth, so that sessions that started together are not asked together. */
const SPREAD = 1.1;

/**
 * The longest time that a live, queryable session can stay unverified. A session that was not asked about for
 * a set part of a round goes before everything else; if all sessions reach that age at once, the last of them
 * is asked by the end of the round. Under light load the routine interval decides instead. A failover adds
 * the time to confirm an end and a margin, because nothing can be verified during one.
 *
 * A round is the time in which the share of queries that is reserved for the longest unasked sessions reaches
 * every session once.
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function boundMs({ sessions, perSecond }: AskingLoad, rules: BoundRules): number {
  const roundMs = (sessions / (perSecond * OLDEST_FIRST_SHARE)) * 1000;
  const askedFromMs = Math.max(roundMs * (1 - OLDEST_FIRST_SHARE), rules.routineIntervalMs * SPREAD);
  return Math.ceil(askedFromMs + roundMs * OLDEST_FIRST_SHARE) + rules.goneConfirmMs + rules.goneMarginMs;
}

/** How many sessions the bound allows for a given target, and which rate would keep the target at the present load. */
export type Forecast = {
  targetMs: number;
  sessionsAtTarget: number;
  /** Queries a second that the service would need; null where no rate is enough. */
  perSecondForTarget: number | null;
};

export function forecast(load: AskingLoad, rules: BoundRules, targetMs: number): Forecast {
  const seconds = longestRoundMs(targetMs, rules) / 1000;
  const perQuery = seconds * OLDEST_FIRST_SHARE;
  return {
    targetMs,
    sessionsAtTarget: Math.floor(perQuery * load.perSecond),
    perSecondForTarget: perQuery === 0 ? null : Math.ceil((load.sessions / perQuery) * 10) / 10,
  };
}

/** How long a round may take if the bound is to meet the target; 0 where the routine interval alone exceeds it. */
function longestRoundMs(targetMs: number, rules: BoundRules): number {
  const restMs = targetMs - rules.goneConfirmMs - rules.goneMarginMs;
  const routineMs = rules.routineIntervalMs * SPREAD;
  if (restMs * (1 - OLDEST_FIRST_SHARE) >= routineMs) return restMs;
  return Math.max((restMs - routineMs) / OLDEST_FIRST_SHARE, 0);
}
