import { plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import type { AskedFacts, SessionFacts } from '../sessions/facts/facts.js';
import { voidBefore } from '../sessions/facts/query-window.js';
import { backoffMs } from './backoff.js';
import type { PlanRules } from './planned-query.js';

/** The last query that was asked with the registration that counts; null where none was. */
export function lastAsked({ asked, registration }: SessionFacts): AskedFacts['latest'] {
  const fromMs = voidBefore({ registration });
  const { latest } = asked;
  return latest !== null && fromMs !== null && latest.lastAskedMs <= fromMs ? null : latest;
}

/** When to try again after the last query, by how often in a row it said the same. */
export function afterLastTry(facts: SessionFacts, stepsMs: readonly number[]): UnixMs {
  const latest = lastAsked(facts);
  if (latest === null) return unixMs(0);
  const waitMs = Math.max(backoffMs(stepsMs, latest.count), latest.retryAfterMs ?? 0);
  return plusMs(latest.lastAnsweredMs, waitMs);
}

/** Nothing is asked twice within this time as a rule, whatever happened in between. */
const SHORTEST_INTERVAL_MS = 2_000;
/** Of the time that 404s must last: several must fit into it, however short it was set. */
const OF_CONFIRMING = 1 / 20;
/** Of the same: what is kept of 404s (BOUNDS.notFound) must reach over it, however long it was set. */
const LEAST_OF_CONFIRMING = 1 / 48;

export function shortestIntervalMs({ goneConfirmMs }: Pick<PlanRules, 'goneConfirmMs'>): number {
  const usualMs = Math.min(SHORTEST_INTERVAL_MS, goneConfirmMs * OF_CONFIRMING);
  return Math.max(usualMs, goneConfirmMs * LEAST_OF_CONFIRMING);
}
/** After a signal, the time that Agora's own state takes to settle. */
export const SETTLING_MS = 1_000;
