import type { UnixMs } from '../../evidence/instant.js';
import type { Registration } from '../../evidence/registration.js';
import { certaintyOf } from '../verdict/certainty.js';
import { recordersInOrder } from '../facts/current-recorders.js';
import type { Ending } from '../verdict/ending.js';
import type { SessionFacts } from '../facts/facts.js';
import { fold } from '../facts/fold.js';
import { findEnding } from '../verdict/find-ending.js';
import { findFindings } from '../findings/find-findings.js';
import type { FindingCase } from '../findings/finding.js';
import { findStart } from '../verdict/find-start.js';
import { allGaps, type Gap } from '../verdict/gaps.js';
import { lastAlarm, nextAlarm } from '../verdict/next-alarm.js';
import { livePhase } from '../verdict/phase.js';
import { queryableUntil } from '../facts/query-window.js';
import type { VerdictRules } from '../facts/rules.js';
import type { Session, SessionState } from '../verdict/session.js';
import { bucketOf } from './bucket.js';
import { servicesOf } from './services.js';
import { uploadOf } from '../verdict/upload-word.js';

/** Everything that is concluded from a session's facts, for saving, planning and explaining. */
export type Conclusion = {
  session: Session;
  /** The ending in force; null while nothing proves one. */
  ending: Ending | null;
  /** Every gap, open and settled, as they were revealed. */
  gaps: readonly Gap[];
  /** When time alone will change the conclusion; null if nothing of the kind is ahead. */
  alarmMs: UnixMs | null;
};

/** Computes the conclusion from the facts and the rules alone; no clock is read. */
export function conclude(facts: SessionFacts, rules: VerdictRules): Conclusion {
  const ending = findEnding(facts, rules);
  const gaps = allGaps(facts, ending, rules);
  return {
    session: sessionOf({ facts, ending, gaps, rules }),
    ending,
    gaps,
    alarmMs: nextAlarm(facts, ending, rules),
  };
}

/**
 * The facts of a session that was waited for until then. They count as waited for until the last alarm before that
 * moment, which follows from the evidence, and not until somebody looked: so the session is the same when its
 * evidence is folded again.
 */
export function waitUntil(facts: SessionFacts, untilMs: UnixMs, rules: VerdictRules): SessionFacts {
  const alarmMs = lastAlarm(facts, findEnding(facts, rules), rules, untilMs);
  if (alarmMs === null) return facts;
  return fold(facts, [{ kind: 'time_passed', sid: facts.sid, untilMs: alarmMs }]);
}

/** Only the gaps of what `conclude` returns. */
export function concludeGaps(facts: SessionFacts, rules: VerdictRules): readonly Gap[] {
  return allGaps(facts, findEnding(facts, rules), rules);
}

function sessionOf(found: FindingCase): Session {
  const { facts, ending, gaps, rules } = found;
  const { registration, firstNotice, arrivals, asked } = facts;
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
    services: servicesOf(facts.services),
    upload: uploadOf(facts, ending, rules),
    notices: {
      events: arrivals.events,
      deliveries: arrivals.deliveries,
      duplicates: arrivals.deliveries - arrivals.events,
      outOfOrder: arrivals.outOfOrder,
      lastMs: arrivals.lastReceivedMs,
    },
    gaps: countGaps(gaps),
    observations: {
      count: asked.count,
      lastMs: asked.latest?.lastAnsweredMs ?? null,
      lastOutcome: asked.latest?.outcome ?? null,
    },
    findings: findFindings(found),
    files: null,
    ...storageOf(registration),
    ...lookedInto(found),
  };
}

function storageOf(registration: Registration | null): Pick<Session, 'storage'> {
  const storage = registration?.startCall?.storage ?? null;
  return storage === null ? {} : { storage };
}

function lookedInto({ facts, ending }: FindingCase): Pick<Session, 'bucket'> {
  const bucket = bucketOf(facts, { startedAt: findStart(facts), endedAt: ending?.endedAt ?? null });
  return bucket === null ? {} : { bucket };
}

function countGaps(gaps: readonly Gap[]): Session['gaps'] {
  const runsSettledBy = (source: Gap['settledBy']): number =>
    gaps.reduce((sum, { runs, settledBy }) => (settledBy === source ? sum + runs : sum), 0);
  const settledByNotice = runsSettledBy('notice');
  const settledByQuery = runsSettledBy('query');
  const settled = settledByNotice + settledByQuery;
  return { open: runsSettledBy(null), settled, settledByNotice, settledByQuery };
}

function terminalState({ outcome }: Ending): SessionState {
  return outcome === 'abnormal_exit' || outcome === 'never_started' ? 'failed' : 'ended';
}
