import type { Evidence, RepeatedDelivery } from '../../evidence/evidence.js';
import { later, type UnixMs } from '../../evidence/instant.js';
import type { Registration } from '../../evidence/registration.js';
import type { StopAnswer } from '../../evidence/stop-answer.js';
import type { Notice } from '../../evidence/notice.js';
import { BOUNDS, type FoldRules } from './bounds.js';
import type { SessionFacts } from './facts.js';
import { foldForeignNotice, foldNotice } from './fold-notice.js';
import { foldObservation } from './fold-observation.js';
import { foldLook } from './looks.js';
import { addRegistration, registrationInForce } from './registrations.js';

/**
 * Folds new evidence of one session into its facts. Each distinct piece of evidence must be folded exactly
 * once, in any order and in any batches; the result is the same as folding all of it at once. Runs of equal
 * answers are folded again as they grow.
 * Ours: docs/decisions/001-evidence-and-mergeable-facts.md
 */
export function fold(facts: SessionFacts, evidence: readonly Evidence[], rules: FoldRules = ONE_ACCOUNT): SessionFacts {
  // The registration decides whose notices count.
  const registrations = evidence.filter(({ kind }) => kind === 'registration');
  const others = evidence.filter(({ kind }) => kind !== 'registration');
  return [...registrations, ...others].reduce((known, piece) => foldOne(known, piece, rules), facts);
}

const ONE_ACCOUNT: FoldRules = { bounds: BOUNDS, accountOf: () => '' };

function foldOne(facts: SessionFacts, evidence: Evidence, rules: FoldRules): SessionFacts {
  const knownUntilMs = later(facts.knownUntilMs, learnedMs(evidence)) ?? facts.knownUntilMs;
  return foldKind({ ...facts, knownUntilMs }, evidence, rules);
}

/** When the ledger learned of it. */
export function learnedMs(evidence: Evidence): UnixMs {
  if (evidence.kind === 'observation') return evidence.lastAnsweredMs;
  if (evidence.kind === 'bucket_look') return evidence.answeredMs;
  return evidence.kind === 'time_passed' ? evidence.untilMs : evidence.receivedMs;
}

function foldKind(facts: SessionFacts, evidence: Evidence, rules: FoldRules): SessionFacts {
  switch (evidence.kind) {
    case 'notice':
      return isForeign(facts, evidence, rules)
        ? foldForeignNotice(facts, evidence, rules.bounds)
        : foldNotice(facts, evidence, rules.bounds);
    case 'repeated_delivery':
      return foldRepeatedDelivery(facts, evidence);
    case 'registration':
      return foldRegistration(facts, evidence);
    case 'observation':
      return foldObservation(facts, evidence, rules.bounds);
    case 'stop_answer':
      return foldStopAnswer(facts, evidence);
    case 'bucket_look':
      return { ...facts, looks: foldLook(facts.looks, evidence, rules.bounds) };
    case 'passed_call': // shown in the timeline; its registration and its answer are evidence of their own
    case 'time_passed':
      return facts;
  }
}

function foldRegistration(facts: SessionFacts, told: Registration): SessionFacts {
  const registrations = addRegistration(facts.registrations, told);
  return { ...facts, registrations, registration: registrationInForce(registrations) };
}

/**
 * A customer who can sign for one app must not end, or keep alive, the sessions of another account. What was
 * folded before the session was registered is folded again then.
 */
function isForeign({ registration }: SessionFacts, { appId }: Notice, { accountOf }: FoldRules): boolean {
  if (registration === null || registration.appId === appId) return false;
  const account = accountOf(registration.appId);
  return account === null || account !== accountOf(appId);
}

function foldRepeatedDelivery(facts: SessionFacts, repeat: RepeatedDelivery): SessionFacts {
  return foldRepeats(facts, { times: 1, lastMs: repeat.receivedMs });
}

/** Folds many repeated deliveries at once: only their number and the last time of receipt matter. */
export function foldRepeats(
  facts: SessionFacts,
  { times, lastMs }: { times: number; lastMs: UnixMs | null },
): SessionFacts {
  const { arrivals } = facts;
  return {
    ...facts,
    knownUntilMs: later(facts.knownUntilMs, lastMs) ?? facts.knownUntilMs,
    arrivals: {
      ...arrivals,
      deliveries: arrivals.deliveries + times,
      lastReceivedMs: later(arrivals.lastReceivedMs, lastMs),
    },
  };
}

/** An error body means that nothing was stopped, so it is kept as evidence and changes nothing. */
function foldStopAnswer(facts: SessionFacts, answer: StopAnswer): SessionFacts {
  if (!answer.stopped) return facts;
  const first = facts.stop;
  if (first !== null && first.receivedMs <= answer.receivedMs) return facts;
  const { receivedMs, uploadingStatus } = answer;
  return { ...facts, stop: { receivedMs, uploadingStatus } };
}
