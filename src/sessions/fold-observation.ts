import { isAfter, later, type UnixMs } from '../evidence/instant.js';
import type { Observation, RecordingAnswer } from '../evidence/observation.js';
import type { AskedFacts, SessionFacts } from './facts.js';
import { newerStatus } from './fold-notice.js';
import { foldIncident, incidentOfOutcome } from './incidents.js';
import { lastLife, mergeSign } from './merge-signs.js';
import { signOfAnswer } from './signs.js';

export function foldObservation(facts: SessionFacts, observation: Observation): SessionFacts {
  const asked = foldAsked(facts.asked, observation);
  const incidents = foldIncident(
    facts.incidents,
    incidentOfOutcome(observation.outcome),
    observation.askedMs,
  );
  const told = { ...facts, asked, incidents };
  switch (observation.outcome.kind) {
    case 'answered':
      return foldAnswer(told, observation, observation.outcome.answer);
    case 'not_found':
      return foldNotFound(told, observation);
    default:
      // Unavailable, throttled, refused or incomplete: says nothing about the recording.
      return told;
  }
}

/**
 * An answer speaks for the interval from asking to answering; alive is dated by the asking, so that
 * what a notice says of a moment in between still counts as newer.
 */
function foldAnswer(facts: SessionFacts, run: Observation, answer: RecordingAnswer): SessionFacts {
  const sign = signOfAnswer(answer);
  const startedMs = sign.life ? answer.sliceStartedMs : null;
  const { askedMs, lastAskedMs } = run;
  const answerSigns = mergeSign(facts.answerSigns, sign, askedMs, lastAskedMs, startedMs);
  const alive = lastLife({ noticeSigns: facts.noticeSigns, answerSigns });
  const { status } = answer;
  return {
    ...facts,
    answerSigns,
    notFound: facts.notFound.filter((missed) => alive === null || missed.askedMs > alive),
    exitAnswers:
      status === 8 || status === 20
        ? addExitAnswer(facts.exitAnswers, { askedMs, answeredMs: run.answeredMs, status })
        : facts.exitAnswers,
    serviceStatus:
      status === null
        ? facts.serviceStatus
        : newerStatus(facts.serviceStatus, { atMs: lastAskedMs, status }),
  };
}

function addExitAnswer(
  answers: SessionFacts['exitAnswers'],
  told: SessionFacts['exitAnswers'][number],
): SessionFacts['exitAnswers'] {
  if (answers.some(({ askedMs }) => askedMs === told.askedMs)) return answers;
  return [...answers, told].sort((a, b) => a.askedMs - b.askedMs);
}

function foldNotFound(facts: SessionFacts, missed: Observation): SessionFacts {
  const { askedMs, answeredMs } = missed;
  const isNews =
    isAfter(askedMs, lastLife(facts)) && !facts.notFound.some((had) => had.askedMs === askedMs);
  return {
    ...facts,
    notFound: isNews
      ? [...facts.notFound, { askedMs, answeredMs }].sort((a, b) => a.askedMs - b.askedMs)
      : facts.notFound,
    goneProofs: addProof(facts.goneProofs, missed.unbrokenSinceMs, askedMs),
  };
}

function addProof(
  proofs: SessionFacts['goneProofs'],
  sinceMs: UnixMs | null,
  atMs: UnixMs,
): SessionFacts['goneProofs'] {
  if (sinceMs === null || sinceMs === atMs) return proofs;
  const same = proofs.find((proof) => proof.sinceMs === sinceMs);
  if (same !== undefined && same.atMs >= atMs) return proofs;
  const others = proofs.filter((proof) => proof !== same);
  return [...others, { sinceMs, atMs }].sort((a, b) => a.sinceMs - b.sinceMs);
}

/** A run that has grown is handed in again: its earlier, smaller count is replaced, not added to. */
function foldAsked(asked: AskedFacts, run: Observation): AskedFacts {
  const { latest } = asked;
  const had = latest?.askedMs === run.askedMs ? latest.count : 0;
  const isLatest = latest === null || isLaterRun(run, latest);
  const { outcome } = run;
  return {
    count: asked.count + Math.max(run.count - had, 0),
    latest: isLatest
      ? {
          askedMs: run.askedMs,
          lastAskedMs: run.lastAskedMs,
          lastAnsweredMs: run.lastAnsweredMs,
          count: run.count,
          outcome: outcome.kind,
          retryAfterMs: outcome.kind === 'throttled' ? outcome.retryAfterMs : null,
        }
      : latest,
    lastVerifiedMs:
      outcome.kind === 'answered'
        ? later(asked.lastVerifiedMs, run.lastAskedMs)
        : asked.lastVerifiedMs,
    lastNotFoundMs:
      outcome.kind === 'not_found'
        ? later(asked.lastNotFoundMs, run.askedMs)
        : asked.lastNotFoundMs,
    namedFiles: asked.namedFiles || namesFiles(run),
  };
}

type AskedRun = { askedMs: UnixMs; lastAskedMs: UnixMs };

function isLaterRun(run: AskedRun, other: AskedRun): boolean {
  if (run.lastAskedMs !== other.lastAskedMs) return run.lastAskedMs > other.lastAskedMs;
  return run.askedMs >= other.askedMs;
}

function namesFiles({ outcome }: Observation): boolean {
  if (outcome.kind !== 'answered') return false;
  const { files, services } = outcome.answer;
  return files.length > 0 || services.some((service) => service.files.length > 0);
}
