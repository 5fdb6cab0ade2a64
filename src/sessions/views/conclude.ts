import { certaintyOf } from '../verdict/certainty.js';
import { recordersInOrder } from '../facts/current-recorders.js';
import type { Ending } from '../verdict/ending.js';
import type { SessionFacts } from '../facts/facts.js';
import { findEnding } from '../verdict/find-ending.js';
import { findFindings } from '../findings/find-findings.js';
import { findStart } from '../verdict/find-start.js';
import { findGaps, lateGaps, type Gap } from '../verdict/gaps.js';
import { livePhase } from '../verdict/phase.js';
import { queryableUntil } from '../facts/query-window.js';
import type { VerdictRules } from '../facts/rules.js';
import type { Session, SessionState } from '../verdict/session.js';
import { uploadState } from '../facts/upload.js';

/** What the facts amount to. A function of the facts and the rules alone: no clock is asked. */
export function conclude(facts: SessionFacts, rules: VerdictRules): Session {
  const { registration, firstNotice, arrivals, asked } = facts;
  const ending = findEnding(facts, rules);
  const state = ending === null ? livePhase(facts) : terminalState(ending);
  return {
    sid: facts.sid,
    appId: registration?.appId ?? firstNotice?.appId ?? null,
    resourceId: registration?.resourceId ?? null,
    mode: registration?.mode ?? null,
    cname: registration?.cname ?? firstNotice?.cname ?? null,
    uid: registration?.uid ?? recordersInOrder(facts)[0]?.uid ?? null,
    recorderUids: recordersInOrder(facts).map(({ uid }) => uid),
    state,
    outcome: ending?.outcome ?? null,
    certainty: certaintyOf(facts, state, ending, rules),
    queryableUntilMs: queryableUntil(facts),
    startedAt: findStart(facts),
    endedAt: ending?.endedAt ?? null,
    serviceStatus: facts.serviceStatus?.status ?? null,
    upload: { state: uploadState(facts), progress: facts.progress?.progress ?? null },
    notices: {
      events: arrivals.events,
      deliveries: arrivals.deliveries,
      duplicates: arrivals.deliveries - arrivals.events,
      outOfOrder: arrivals.outOfOrder,
      lastMs: arrivals.lastReceivedMs,
    },
    gaps: countGaps(facts, ending, rules),
    observations: {
      count: asked.count,
      lastMs: asked.latest?.lastAnsweredMs ?? null,
      lastOutcome: asked.latest?.outcome ?? null,
    },
    findings: findFindings({ facts, ending, rules }),
  };
}

function countGaps(
  facts: SessionFacts,
  ending: Ending | null,
  rules: VerdictRules,
): Session['gaps'] {
  const gaps = findGaps(facts, ending, rules);
  const settledByQuery = runsOf(gaps.filter(({ settledBy }) => settledBy === 'query'));
  const settledByNotice = lateGaps(facts, rules).length;
  const open = runsOf(gaps) - settledByQuery;
  return { open, settled: settledByQuery + settledByNotice, settledByNotice, settledByQuery };
}

function runsOf(gaps: readonly Gap[]): number {
  return gaps.reduce((sum, { runs }) => sum + runs, 0);
}

function terminalState({ outcome }: Ending): SessionState {
  return outcome === 'abnormal_exit' || outcome === 'never_started' ? 'failed' : 'ended';
}
