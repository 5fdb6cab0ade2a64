import { isAfter, later, plusMs } from '../evidence/instant.js';
import { queryAgrees } from '../sessions/verdict/agreement.js';
import { isSettled, lastLookFromMs, lifeOfOthers } from '../sessions/verdict/certainty.js';
import type { Ending } from '../sessions/verdict/ending.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { spreadMs } from './backoff.js';
import { afterLastTry, lastAsked, SETTLING_MS } from './last-asked.js';
import { soonest, type PlannedQuery, type PlanRules } from './planned-query.js';

/**
 * Plans the queries that check an end: at once when a sign of life comes after it, soon after it was
 * reported, and for the last time when no failover can explain it any more. Null once that last query found
 * the session over.
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function planEnded(facts: SessionFacts, ending: Ending, rules: PlanRules): PlannedQuery | null {
  const options = [
    lifeAfterEnd(facts, ending, rules),
    firstLook(facts, ending, rules),
    lastLook(facts, ending, rules),
  ].filter((option) => option !== null);
  if (options.length === 0) return null;
  return options.reduce(soonest);
}

/**
 * For a sign of life that is newer than the end, from a recorder that has not exited. Asks at once if a
 * recorder has started or no query was asked since the end; else as often as for any other session, as long
 * as such signs keep coming.
 */
function lifeAfterEnd(facts: SessionFacts, ending: Ending, rules: PlanRules): PlannedQuery | null {
  const aliveMs = lifeOfOthers(facts);
  const asked = lastAsked(facts);
  if (aliveMs === null || aliveMs <= ending.sinceMs) return null;
  const toldMs = later(facts.asked.lastVerifiedMs, facts.asked.lastNotFoundMs);
  if (toldMs !== null && toldMs >= aliveMs) return null;
  const reason = 'it is over, and showed life after that';
  if (asked !== null && asked.lastAskedMs >= aliveMs) {
    return { dueMs: afterLastTry(facts, rules.retryBackoffMs), queryClass: 'trigger', reason };
  }
  // Not counted from the sign of life, because each further one would postpone the query.
  const sinceMs = later(asked?.lastAskedMs ?? null, ending.sinceMs) ?? ending.sinceMs;
  const soonMs = plusMs(sinceMs, rules.retryBackoffMs[0] ?? 0);
  const startedMs = facts.noticeSigns.lastLiveMs ?? 0;
  const wasAsked = asked !== null && asked.lastAskedMs > Math.max(ending.sinceMs, startedMs);
  const waitMs = spreadMs(rules.routineIntervalMs, `${facts.sid} ${String(facts.asked.count)}`);
  const dueMs = wasAsked ? plusMs(asked.lastAskedMs, waitMs) : soonMs;
  return { dueMs, queryClass: 'trigger', reason };
}

/** A reported end: one query soon either finds the session alive or agrees for now. */
function firstLook(facts: SessionFacts, ending: Ending, rules: PlanRules): PlannedQuery | null {
  const isReport = ending.rule === 'exit_notice' || ending.rule === 'stop_answer';
  if (!isReport || isSettled(facts, ending, rules)) return null;
  if (queryAgrees(facts, ending.sinceMs)) return null;
  const asked = lastAsked(facts);
  const askedSince = asked !== null && !isAfter(ending.sinceMs, asked.lastAskedMs);
  const reportMs = later(facts.arrivals.lastSignalMs, ending.sinceMs) ?? ending.sinceMs;
  return {
    dueMs: askedSince ? afterLastTry(facts, rules.retryBackoffMs) : plusMs(reportMs, SETTLING_MS),
    queryClass: 'confirm_report',
    reason: 'reported as over; a query is to confirm it',
  };
}

function lastLook(facts: SessionFacts, ending: Ending, rules: PlanRules): PlannedQuery | null {
  if (isSettled(facts, ending, rules)) return null;
  const lookMs = plusMs(lastLookFromMs(facts, ending, rules), 1_000);
  const asked = lastAsked(facts);
  const wasTried = asked !== null && asked.lastAskedMs >= lookMs;
  return {
    dueMs: wasTried ? afterLastTry(facts, rules.retryBackoffMs) : lookMs,
    queryClass: 'last_look',
    reason: 'it is over: is it still, now that no failover explains it?',
  };
}
