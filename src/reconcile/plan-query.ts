import { plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import { currentRun, neededFromMs } from '../sessions/verdict/absence.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import type { Ending } from '../sessions/verdict/ending.js';
import { queryableUntil } from '../sessions/facts/query-window.js';
import { lastAsked, shortestIntervalMs } from './last-asked.js';
import { planEnded } from './plan-ended.js';
import { planLive } from './plan-live.js';
import { planRefused } from './plan-refused.js';
import type { PlannedQuery, PlanRules } from './planned-query.js';

/**
 * When the session must be asked about next, from its evidence alone; null when there is nothing to
 * ask: it cannot be asked about, or it is over and was looked at for the last time. `ending` is the one
 * that the facts prove, if they do.
 */
export function planQuery(facts: SessionFacts, ending: Ending | null, rules: PlanRules): PlannedQuery | null {
  const untilMs = queryableUntil(facts);
  if (untilMs === null) return null;
  const byVerdict = ending === null ? planLive(facts, rules) : planEnded(facts, ending, rules);
  if (byVerdict === null) return null;
  const planned = planRefused(facts) ?? byVerdict;
  const dueMs = notTooSoon(planned.dueMs, facts, rules);
  return dueMs < untilMs ? { ...planned, dueMs } : null;
}

/** Somebody who asks for it every moment must not push the first 404s of a run out of what is kept. */
export function notTooSoon(dueMs: UnixMs, facts: SessionFacts, rules: PlanRules): UnixMs {
  const last = lastAsked(facts)?.lastAskedMs;
  return last === undefined ? dueMs : unixMs(Math.max(dueMs, last + shortestIntervalMs(rules)));
}

/**
 * From when on a further 404 is urgent, because it would prove an end or keep a run of 404s from
 * breaking off; null while none was heard, or nothing is left to prove.
 */
export function nextProofMs(facts: SessionFacts, ending: Ending | null, rules: PlanRules): UnixMs | null {
  const run = currentRun(facts, rules);
  if (run === null || planRefused(facts) !== null || ending !== null) return null;
  const last = run.at(-1) ?? run[0];
  const breaksMs = plusMs(last.answeredMs, rules.goneConfirmMs);
  const lastMs = lastAsked(facts)?.lastAskedMs ?? last.askedMs;
  // After so long a silence the next 404 begins anew, and nothing of the old run is urgent any more.
  return lastMs > breaksMs ? null : notTooSoon(neededFromMs(run, facts, rules), facts, rules);
}
