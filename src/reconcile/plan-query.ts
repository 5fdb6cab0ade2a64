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
 * The next query about a session, from its facts alone. Null when none is needed: the session cannot be
 * queried, or it is over and had its last look. `ending` is the one that the facts prove, if any.
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

/** Frequent requests for a query must not push the first 404s of a run out of the bounded list. */
export function notTooSoon(dueMs: UnixMs, facts: SessionFacts, rules: PlanRules): UnixMs {
  const last = lastAsked(facts)?.lastAskedMs;
  return last === undefined ? dueMs : unixMs(Math.max(dueMs, last + shortestIntervalMs(rules)));
}

/**
 * From when on a further 404 is urgent, because it would prove an end or keep a run of 404s from breaking
 * off. Null while there was no 404, or nothing is left to prove.
 */
export function nextProofMs(facts: SessionFacts, ending: Ending | null, rules: PlanRules): UnixMs | null {
  const run = currentRun(facts, rules);
  if (run === null || planRefused(facts) !== null || ending !== null) return null;
  const last = run.at(-1) ?? run[0];
  const breaksMs = plusMs(last.answeredMs, rules.goneConfirmMs);
  const lastMs = lastAsked(facts)?.lastAskedMs ?? last.askedMs;
  // After so long a silence the next 404 begins a new run, and the old one makes nothing urgent any more.
  return lastMs > breaksMs ? null : notTooSoon(neededFromMs(run, facts, rules), facts, rules);
}
