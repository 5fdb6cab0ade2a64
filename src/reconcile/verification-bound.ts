import { OLDEST_FIRST_SHARE } from './choose-queries.js';

/** What the promise depends on: how many there are to ask about, how fast, and by which rules. */
export type AskingLoad = {
  /** Live sessions and those whose end is yet to be looked at for the last time. */
  sessions: number;
  /** Queries a second that are asked. */
  perSecond: number;
};

export type BoundRules = {
  routineIntervalMs: number;
  goneConfirmMs: number;
  goneMarginMs: number;
};

/** Routine is spread by up to a tenth, so that sessions that began together are not asked together. */
const SPREAD = 1.1;

/**
 * How long a live, queryable session can at most stay unverified. One that was not asked about for so
 * much of a round goes before everything else; should all get there at once, the rest of the round
 * passes until the last of them is asked. At rest it is routine that decides. And a failover, during
 * which nothing can be verified, takes as long as an end to confirm, and a margin, on top.
 *
 * A round is the time in which the share of the queries that is kept for the oldest comes round all.
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function boundMs({ sessions, perSecond }: AskingLoad, rules: BoundRules): number {
  const roundMs = (sessions / (perSecond * OLDEST_FIRST_SHARE)) * 1000;
  const askedFromMs = Math.max(roundMs * (1 - OLDEST_FIRST_SHARE), rules.routineIntervalMs * SPREAD);
  return Math.ceil(askedFromMs + roundMs * OLDEST_FIRST_SHARE) + rules.goneConfirmMs + rules.goneMarginMs;
}

/** Up to how many sessions the bound keeps to a target, and what would keep it at the present load. */
export type Forecast = {
  targetMs: number;
  sessionsAtTarget: number;
  /** Queries a second that this service would have to be allowed; null where no limit is enough. */
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

/** How long a round may take for the bound to keep to the target; 0 where routine alone is beyond it. */
function longestRoundMs(targetMs: number, rules: BoundRules): number {
  const restMs = targetMs - rules.goneConfirmMs - rules.goneMarginMs;
  const routineMs = rules.routineIntervalMs * SPREAD;
  if (restMs * (1 - OLDEST_FIRST_SHARE) >= routineMs) return restMs;
  return Math.max((restMs - routineMs) / OLDEST_FIRST_SHARE, 0);
}
