import type { ScheduledQuery } from '../db/schedule/query-schedule.js';
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

export type ScheduleRules = PlanRules & {
  /** The account that an app's queries are paid from; null for an app nobody configured. */
  accountOf: (appId: string) => string | null;
};

/** The session's row in the schedule, or null when nothing is to be asked. */
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
  // Nobody could ask before it was registered, so nobody has failed to.
  const liveSinceMs = isLive ? later(startedMs, facts.registration?.receivedMs ?? null) : null;
  const suspectedMs = isLive ? suspectMs(facts, rules) : null;
  const proofMs = nextProofMs(facts, ending, rules);
  // A last look waits from when it is due: until then nobody would be told anything new.
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

/** Since when nobody asked about it. What is refused is not asked for the sake of its age. */
function waitingSince(facts: SessionFacts): UnixMs | null {
  if (isRefused(facts)) return null;
  return lastAsked(facts)?.lastAskedMs ?? facts.registration?.receivedMs ?? null;
}
