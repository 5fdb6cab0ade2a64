import { plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import type { AskedFacts, SessionFacts } from '../sessions/facts/facts.js';
import { voidBefore } from '../sessions/facts/query-window.js';
import { backoffMs } from './backoff.js';
import type { PlanRules } from './planned-query.js';

/** The last query that was asked by the present registration; null if there was none. */
export function lastAsked({ asked, registration }: SessionFacts): AskedFacts['latest'] {
  const fromMs = voidBefore({ registration });
  const { latest } = asked;
  return latest !== null && fromMs !== null && latest.lastAskedMs <= fromMs ? null : latest;
}

/** When to ask again, by how often in a row the last answer was repeated. */
export function afterLastTry(facts: SessionFacts, stepsMs: readonly number[]): UnixMs {
  const latest = lastAsked(facts);
  if (latest === null) return unixMs(0);
  const waitMs = Math.max(backoffMs(stepsMs, latest.count), latest.retryAfterMs ?? 0);
  return plusMs(latest.lastAnsweredMs, waitMs);
}

/** The usual minimum time between two queries about one session, whatever happens in between. */
const SHORTEST_INTERVAL_MS = 2_000;
/**
 * As a share of the time that 404s must last: several queries must fit into that time, even if it is set very
 * short.
 */
const OF_CONFIRMING = 1 / 20;
/** As a share of the same time: the 404s that are kept (BOUNDS.notFound) must span it, even if it is set very long. */
const LEAST_OF_CONFIRMING = 1 / 48;

export function shortestIntervalMs({ goneConfirmMs }: Pick<PlanRules, 'goneConfirmMs'>): number {
  const usualMs = Math.min(SHORTEST_INTERVAL_MS, goneConfirmMs * OF_CONFIRMING);
  return Math.max(usualMs, goneConfirmMs * LEAST_OF_CONFIRMING);
}
/** The time that Agora's own state takes to settle after a notification that triggers a query. */
export const SETTLING_MS = 1_000;
