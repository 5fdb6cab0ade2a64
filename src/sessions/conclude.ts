import { earlier } from '../evidence/instant.js';
import { certaintyOf } from './certainty.js';
import { findEnding, type Ending } from './ending.js';
import type { RecorderFacts, SessionFacts } from './facts.js';
import { findFindings } from './findings/find-findings.js';
import { findGaps, lateGaps } from './gaps.js';
import { livePhase } from './phase.js';
import { queryableUntil } from './query-window.js';
import type { VerdictRules } from './rules.js';
import type { Session, SessionStart, SessionState } from './session.js';
import { uploadState } from './upload.js';

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
    uid: registration?.uid ?? firstRecorderUid(facts),
    recorderUids: recorderUids(facts),
    state,
    outcome: ending?.outcome ?? null,
    certainty: certaintyOf(facts, state, ending),
    queryableUntilMs: queryableUntil(registration),
    startedAt: findStart(facts),
    endedAt: ending?.endedAt ?? null,
    serviceStatus: facts.serviceStatus?.status ?? null,
    upload: { state: uploadState(facts), progress: facts.upload.progress?.progress ?? null },
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
  const settledByQuery = gaps.filter(({ settledBy }) => settledBy === 'query').length;
  const settledByNotice = lateGaps(facts, rules).length;
  const open = gaps.length - settledByQuery;
  return { open, settled: settledByQuery + settledByNotice, settledByNotice, settledByQuery };
}

function terminalState({ outcome }: Ending): SessionState {
  return outcome === 'abnormal_exit' || outcome === 'never_started' ? 'failed' : 'ended';
}

/** In the order in which they took over. */
function recorderUids({ recorders }: SessionFacts): readonly string[] {
  return recorders
    .filter(({ uid }) => uid !== '')
    .sort((a, b) => a.firstMs - b.firstMs || standing(a) - standing(b) || (a.uid < b.uid ? -1 : 1))
    .map(({ uid }) => uid);
}

/** Where the failover is the first that was heard of either, the one it replaced came first. */
function standing({ replacedMs }: RecorderFacts): number {
  return replacedMs === null ? 1 : 0;
}

function firstRecorderUid(facts: SessionFacts): string | null {
  return recorderUids(facts)[0] ?? null;
}

/**
 * A start event first, for it is the moment itself; then the earliest sign of life of either source;
 * then what the registration says, which is when `start` was called and proves nothing.
 */
function findStart(facts: SessionFacts): SessionStart | null {
  const { noticeSigns, answerSigns, registration } = facts;
  if (noticeSigns.startedMs !== null) return { atMs: noticeSigns.startedMs, source: 'notice' };
  const asked = earlier(answerSigns.startedMs, answerSigns.firstLifeMs);
  const told = noticeSigns.firstLifeMs;
  const first = earlier(told, asked);
  if (first !== null) return { atMs: first, source: first === told ? 'notice' : 'query' };
  if (registration?.startedMs == null) return null;
  return { atMs: registration.startedMs, source: 'registration' };
}
