import { outcomeOfResponse } from '../../src/agora/outcome-of-response.js';
import type { Evidence } from '../../src/evidence/evidence.js';
import { unixMs, type UnixMs } from '../../src/evidence/instant.js';
import type { Observation } from '../../src/evidence/observation.js';
import { planQuery } from '../../src/reconcile/plan-query.js';
import type { SessionFacts } from '../../src/sessions/facts/facts.js';
import { findEnding } from '../../src/sessions/verdict/find-ending.js';
import { withProof } from '../../src/sessions/verdict/with-proof.js';
import { planSession } from '../../src/simulator/plan-session.js';
import type { SimulatedSession } from '../../src/simulator/simulated-session.js';
import { RULES, START } from './builders.js';
import { createAnswers, type AgoraAnswers } from './worlds/agora-answers.js';
import { heardOf, OWN_APP } from './worlds/heard.js';
import { profileOf, type World } from './worlds/moves.js';
import { registrationOf, stopAnswersOf } from './worlds/told.js';
import { openLedger, type VirtualLedger } from './worlds/virtual-ledger.js';
import { createWire, type Journey, type Wire } from './worlds/wire.js';

/** One life of a session with everything that a ledger was told of it, and what it concluded when. */
export type VirtualLife = {
  world: World;
  truth: SimulatedSession;
  answers: AgoraAnswers;
  wire: Wire;
  /** By when a ledger that may ask must know that it is over. */
  knownByMs: number;
  evidence: readonly Evidence[];
  /** Of each query, in order of asking, the moment its answer spoke of. */
  ofMs: ReadonlyMap<Observation, number>;
  versions: readonly Version[];
};

/** What the ledger concluded from the first `known` pieces of evidence. */
export type Version = { atMs: UnixMs; facts: SessionFacts; known: number };

/** Long enough, when everything is asked in time, for every rule to have come to its verdict. */
const SETTLING_MS = 1_200_000;
/** A refused session is asked again after an hour at the latest. */
const REFUSED_AGAIN_MS = 3_700_000;

/**
 * Lives one session of a world in virtual time, through the core alone: what is heard is folded as it
 * arrives, and a query is asked when the plan says so, or later where the world holds it up. While
 * one is under way no other is asked.
 */
export function liveVirtually(world: World): VirtualLife {
  const truth = planSession(world.seed, 0, OWN_APP, START, profileOf(world), null);
  const wire = createWire(world, truth);
  const answers = createAnswers(world, truth);
  const ledger = openLedger(truth.sid);
  const happenings = happeningsOf(world, truth, ledger);
  const knownByMs = knownBy(world, truth, wire, answers);
  const ofMs = new Map<Observation, number>();
  let underWay: { answeredMs: number; observation: Observation } | null = null;
  for (let next = 0; ;) {
    const happeningMs = happenings[next]?.atMs ?? Infinity;
    const queryMs = underWay === null ? nextQueryMs(ledger, wire) : underWay.answeredMs;
    if (Math.min(happeningMs, queryMs) > knownByMs) break;
    if (happeningMs <= queryMs) {
      happenings[next]?.happen();
      next += 1;
    } else if (underWay !== null) {
      ledger.learn(queryMs, underWay.observation);
      underWay = null;
    } else {
      const journey = wire.journey(Math.round(queryMs));
      const observation = observe(truth.sid, journey, answers, ledger.facts());
      ofMs.set(observation, journey.ofMs);
      underWay = { answeredMs: journey.answeredMs, observation };
    }
  }
  const { evidence, versions } = ledger;
  return { world, truth, answers, wire, knownByMs, evidence, ofMs, versions };
}

type Happening = { atMs: number; happen: () => void };

function happeningsOf(world: World, truth: SimulatedSession, ledger: VirtualLedger): Happening[] {
  const told = [registrationOf(world, truth), ...stopAnswersOf(world, truth)];
  return [
    ...told.map((piece) => ({
      atMs: piece.receivedMs,
      happen: () => ledger.learn(piece.receivedMs, piece),
    })),
    ...heardOf(world, truth).map(({ atMs, appId, body }) => ({
      atMs,
      happen: () => ledger.deliver(atMs, appId, body),
    })),
  ].sort((a, b) => a.atMs - b.atMs);
}

function knownBy(world: World, truth: SimulatedSession, wire: Wire, answers: AgoraAnswers): number {
  const { receivedMs, startedMs } = registrationOf(world, truth);
  const { badRequest, noRoute, unauthorized } = world.moves;
  const isRefused = badRequest !== 'none' || noRoute !== 'none' || unauthorized;
  const refusedMs = Number.isFinite(answers.refusedUntilMs) ? answers.refusedUntilMs : 0;
  const fromMs = Math.max(truth.aliveUntilMs, receivedMs, startedMs ?? 0, wire.promptFromMs, refusedMs);
  return fromMs + SETTLING_MS + (isRefused ? REFUSED_AGAIN_MS : 0);
}

function nextQueryMs(ledger: VirtualLedger, wire: Wire): number {
  const facts = ledger.facts();
  const planned = planQuery(facts, findEnding(facts, RULES), RULES);
  return planned === null ? Infinity : wire.askedAt(planned.dueMs, ledger.nowMs());
}

function observe(
  sid: string,
  { askedMs, ofMs, answeredMs, lost }: Journey,
  answers: AgoraAnswers,
  facts: SessionFacts,
): Observation {
  const { status, body } = answers.at(ofMs);
  const nowMs = unixMs(answeredMs);
  const outcome = lost ?? outcomeOfResponse({ status, headers: {}, body: JSON.stringify(body), nowMs });
  const answer = {
    kind: 'observation',
    sid,
    askedMs: unixMs(askedMs),
    answeredMs: nowMs,
    lastAskedMs: unixMs(askedMs),
    lastAnsweredMs: nowMs,
    count: 1,
    outcome,
  } as const;
  return withProof(answer, facts, RULES);
}
