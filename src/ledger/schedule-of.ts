import type { ScheduledQuery } from '../db/schedule/query-schedule.js';
import type { LookRules } from '../reconcile/plan-look.js';
import { nextProofMs, planQuery } from '../reconcile/plan-query.js';
import type { PlanRules } from '../reconcile/planned-query.js';
import { isRefused } from '../reconcile/plan-refused.js';
import { beatDueMs, suspectMs, turnMs } from '../reconcile/suspicion.js';
import { later, type UnixMs } from '../evidence/instant.js';
import { lastAsked } from '../reconcile/last-asked.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { lastLife } from '../sessions/facts/merge-signs-of-life.js';
import { isTerminal } from '../sessions/verdict/session.js';
import type { Conclusion } from '../sessions/views/conclude.js';

export type ScheduleRules = PlanRules &
  LookRules & {
    /** The account that pays for an app's queries; null for an app that is not configured. */
    accountOf: (appId: string) => string | null;
  };

/** The session's row in the schedule; null if no query is needed. */
export function scheduleOf(
  facts: SessionFacts,
  { session, ending }: Pick<Conclusion, 'session' | 'ending'>,
  rules: ScheduleRules,
): { sid: string; query: ScheduledQuery | null } {
  const { sid } = facts;
  const planned = planQuery(facts, ending, rules);
  const account = session.appId === null ? null : rules.accountOf(session.appId);
  if (planned === null || account === null) return { sid, query: null };
  const isLive = !isTerminal(session.state);
  const lastVerifiedMs = facts.asked.lastVerifiedMs;
  const startedMs = isLive ? (session.startedAt?.atMs ?? lastLife(facts)) : null;
  // Before it was registered it could not be queried, so its age counts from then.
  const liveSinceMs = isLive ? later(startedMs, facts.registration?.receivedMs ?? null) : null;
  const suspectedMs = isLive ? suspectMs(facts, rules) : null;
  const proofMs = nextProofMs(facts, ending, rules);
  // The age of a last look counts from when it is due: an earlier query would show nothing new.
  const waitingSinceMs = isLive ? waitingSince(facts) : planned.dueMs;
  return {
    sid,
    query: {
      sid,
      account,
      appId: session.appId,
      ...planned,
      lastVerifiedMs,
      liveSinceMs,
      beatDueMs: isLive ? beatDueMs(facts, rules) : null,
      suspectedMs,
      turnMs: suspectedMs === null || startedMs === null ? null : turnMs(suspectedMs, startedMs),
      proofMs,
      waitingSinceMs,
    },
  };
}

/** Since when it was not asked about. A refused session is not asked about because of its age. */
function waitingSince(facts: SessionFacts): UnixMs | null {
  if (isRefused(facts)) return null;
  return lastAsked(facts)?.lastAskedMs ?? facts.registration?.receivedMs ?? null;
}
