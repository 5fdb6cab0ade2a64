import type { Evidence, RepeatedDelivery } from '../evidence/evidence.js';
import { later, type UnixMs } from '../evidence/instant.js';
import type { Registration } from '../evidence/registration.js';
import type { StopAnswer } from '../evidence/stop-answer.js';
import { BOUNDS, type Bounds } from './bounds.js';
import type { SessionFacts } from './facts.js';
import { foldNotice } from './fold-notice.js';
import { foldObservation } from './fold-observation.js';
import { addRegistration, registrationInForce } from './registrations.js';

/**
 * Takes new evidence of one session into what is known of it. Each distinct piece of evidence is
 * handed in exactly once, in any order and in any batches; the result is what folding all of it at
 * once would give. Runs of equal answers are handed in again as they grow.
 */
export function fold(
  facts: SessionFacts,
  evidence: readonly Evidence[],
  bounds: Bounds = BOUNDS,
): SessionFacts {
  return evidence.reduce((known, piece) => foldOne(known, piece, bounds), facts);
}

function foldOne(facts: SessionFacts, evidence: Evidence, bounds: Bounds): SessionFacts {
  const knownUntilMs = later(facts.knownUntilMs, learnedMs(evidence)) ?? facts.knownUntilMs;
  return foldKind({ ...facts, knownUntilMs }, evidence, bounds);
}

function learnedMs(evidence: Evidence): UnixMs {
  if (evidence.kind === 'observation') return evidence.lastAnsweredMs;
  return evidence.kind === 'time_passed' ? evidence.untilMs : evidence.receivedMs;
}

function foldKind(facts: SessionFacts, evidence: Evidence, bounds: Bounds): SessionFacts {
  switch (evidence.kind) {
    case 'notice':
      return foldNotice(facts, evidence, bounds);
    case 'repeated_delivery':
      return foldRepeatedDelivery(facts, evidence);
    case 'registration':
      return foldRegistration(facts, evidence);
    case 'observation':
      return foldObservation(facts, evidence, bounds);
    case 'stop_answer':
      return foldStopAnswer(facts, evidence);
    case 'time_passed':
      return facts;
  }
}

function foldRegistration(facts: SessionFacts, told: Registration): SessionFacts {
  const registrations = addRegistration(facts.registrations, told);
  return { ...facts, registrations, registration: registrationInForce(registrations) };
}

function foldRepeatedDelivery(facts: SessionFacts, repeat: RepeatedDelivery): SessionFacts {
  const { arrivals } = facts;
  return {
    ...facts,
    arrivals: {
      ...arrivals,
      deliveries: arrivals.deliveries + 1,
      lastReceivedMs: later(arrivals.lastReceivedMs, repeat.receivedMs),
    },
  };
}

/** An error body stopped nothing, so it is kept as evidence and changes nothing. */
function foldStopAnswer(facts: SessionFacts, answer: StopAnswer): SessionFacts {
  if (!answer.stopped) return facts;
  const first = facts.stop;
  if (first !== null && first.receivedMs <= answer.receivedMs) return facts;
  const { receivedMs, uploadingStatus } = answer;
  return { ...facts, stop: { receivedMs, uploadingStatus } };
}
