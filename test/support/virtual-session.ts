import { noticeFromRaw } from '../../src/agora/notice-from-raw.js';
import { outcomeOfResponse } from '../../src/agora/outcome-of-response.js';
import type { Evidence } from '../../src/evidence/evidence.js';
import { unixMs, type UnixMs } from '../../src/evidence/instant.js';
import type { Observation, QueryOutcome } from '../../src/evidence/observation.js';
import type { Registration } from '../../src/evidence/registration.js';
import { planQuery } from '../../src/reconcile/plan-query.js';
import { conclude } from '../../src/sessions/conclude.js';
import { noFacts, type SessionFacts } from '../../src/sessions/facts.js';
import { isStraggler } from '../../src/sessions/fold-notice.js';
import { fold } from '../../src/sessions/fold.js';
import { lastLife } from '../../src/sessions/merge-signs.js';
import type { Session } from '../../src/sessions/session.js';
import { notificationBody, planDeliveries } from '../../src/simulator/plan-deliveries.js';
import { planSession } from '../../src/simulator/plan-session.js';
import { queryAnswerAt } from '../../src/simulator/query-answer.js';
import { createRandom, type Random } from '../../src/simulator/random.js';
import type { SimulatedSession } from '../../src/simulator/simulated-session.js';
import type { WorldProfile } from '../../src/simulator/world-profile.js';
import { RULES, START } from './builders.js';

/** One life of a session with everything that a ledger was told of it, and what it concluded when. */
export type VirtualLife = {
  truth: SimulatedSession;
  evidence: readonly Evidence[];
  versions: readonly Version[];
  facts: SessionFacts;
  final: Session;
};

export type Version = { atMs: UnixMs; session: Session; facts: SessionFacts };

const TIME_TO_ANSWER_MS = 120;
/** Long enough after the end for every rule to have come to its verdict. */
const AFTER_THE_END_MS = 900_000;

type Delivery = { atMs: number; body: string };

/**
 * Lives one session of a world in virtual time, through the core alone: deliveries are folded as they
 * arrive, queries are asked when the plan says so and told what the truth is at that moment, or one
 * of the answers that say nothing.
 */
export function liveVirtually(seed: number, profile: WorldProfile, silence: number): VirtualLife {
  const truth = planSession(seed, 0, 'app', START, profile, null);
  const random = createRandom(seed, 'virtual life');
  const ledger = openLedger(truth.sid);
  const deliveries = deliveriesOf(truth, profile, seed);
  const endMs = truth.aliveUntilMs + AFTER_THE_END_MS;
  const registration = registrationOf(truth, random, profile);
  let next = 0;
  let registered = false;
  for (;;) {
    const delivery = deliveries[next];
    const planned = planQuery(ledger.facts(), RULES);
    const queryMs = planned === null ? Infinity : Math.max(planned.dueMs, ledger.nowMs());
    const registerMs = registered ? Infinity : registration.receivedMs;
    const atMs = Math.min(delivery?.atMs ?? Infinity, queryMs, registerMs);
    if (atMs > endMs) break;
    if (atMs === registerMs) {
      registered = true;
      ledger.learn(atMs, registration);
    } else if (delivery?.atMs === atMs) {
      next += 1;
      ledger.deliver(atMs, delivery.body);
    } else {
      ledger.learn(atMs + TIME_TO_ANSWER_MS, ask(truth, atMs, ledger.facts(), random, silence));
    }
  }
  return { truth, ...ledger.close() };
}

function deliveriesOf(truth: SimulatedSession, profile: WorldProfile, seed: number): Delivery[] {
  return planDeliveries(truth, profile, seed)
    .map((delivery) => ({
      atMs: Math.round(delivery.atMs),
      body: notificationBody(delivery, Math.round(delivery.atMs)),
    }))
    .sort((a, b) => a.atMs - b.atMs);
}

function registrationOf(
  truth: SimulatedSession,
  random: Random,
  profile: WorldProfile,
): Registration {
  const { sid, appId, resourceId, mode, cname, uid, startMs } = truth;
  const delayMs = random.chance(profile.registeredLateShare) ? random.between(0, 120_000) : 50;
  return {
    kind: 'registration',
    sid,
    appId,
    resourceId,
    mode,
    cname,
    uid,
    startedMs: unixMs(startMs),
    resourceExpiredHour: null,
    receivedMs: unixMs(startMs + delayMs),
    replaces: false,
  };
}

const SILENCES: readonly QueryOutcome[] = [
  { kind: 'incomplete' },
  { kind: 'throttled', retryAfterMs: 2_000 },
  { kind: 'unavailable', reason: 'server' },
  { kind: 'unavailable', reason: 'timeout' },
  { kind: 'unavailable', reason: 'network' },
];

function ask(
  truth: SimulatedSession,
  atMs: number,
  facts: SessionFacts,
  random: Random,
  silence: number,
): Observation {
  const askedMs = unixMs(atMs);
  const answeredMs = unixMs(atMs + TIME_TO_ANSWER_MS);
  const { status, body } = queryAnswerAt(truth, atMs + TIME_TO_ANSWER_MS / 2);
  const told = outcomeOfResponse({ status, headers: {}, body: JSON.stringify(body), nowMs: answeredMs }); // prettier-ignore
  const outcome = random.chance(silence) ? random.pick(SILENCES) : told;
  const alive = lastLife(facts);
  const first = facts.notFound.find((missed) => alive === null || missed.askedMs > alive);
  return {
    kind: 'observation',
    sid: truth.sid,
    askedMs,
    answeredMs,
    lastAskedMs: askedMs,
    lastAnsweredMs: answeredMs,
    count: 1,
    outcome,
    unbrokenSinceMs: outcome.kind === 'not_found' ? (first?.askedMs ?? askedMs) : null,
  };
}

function openLedger(sid: string) {
  const evidence: Evidence[] = [];
  const versions: Version[] = [];
  const known = new Set<string>();
  let facts = noFacts(sid);
  let nowMs: number = START;
  const learn = (atMs: number, piece: Evidence): void => {
    nowMs = Math.max(nowMs, atMs);
    const straggles = piece.kind === 'notice' && isStraggler(facts, piece);
    evidence.push(piece);
    facts = straggles ? fold(noFacts(sid), evidence) : fold(facts, [piece]);
    versions.push({ atMs: unixMs(nowMs), session: conclude(facts, RULES), facts });
  };
  return {
    facts: () => facts,
    nowMs: () => nowMs,
    learn,
    /** Stored once, however often it comes: by its identity, as the evidence table does. */
    deliver: (atMs: number, body: string): void => {
      const receivedMs = unixMs(Math.max(atMs, nowMs));
      const notice = noticeFromRaw(body, { appId: 'app', receivedMs });
      if (notice === null) throw new Error('the world sent something unreadable');
      const { eventKey } = notice;
      const isNew = !known.has(eventKey);
      known.add(eventKey);
      learn(receivedMs, isNew ? notice : { kind: 'repeated_delivery', sid, eventKey, receivedMs });
    },
    close: () => ({ evidence, versions, facts, final: conclude(facts, RULES) }),
  };
}
