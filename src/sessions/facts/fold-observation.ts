import { earlier, isAfter, later, type UnixMs } from '../../evidence/instant.js';
import type { Observation, RecordingAnswer } from '../../evidence/observation.js';
import { keepEnds, type Bounds } from './bounds.js';
import type { AskedFacts, ExitAnswerFact, GoneProof, SessionFacts } from './facts.js';
import { newerStatus } from './fold-notice.js';
import { foldIncidents, incidentsOfOutcome } from './incidents.js';
import { after, lastLife, mergeSign } from './merge-signs-of-life.js';
import { foldAnsweredServices } from './services.js';
import { signOfAnswer } from './signs-of-life.js';

export function foldObservation(facts: SessionFacts, observation: Observation, bounds: Bounds): SessionFacts {
  const asked = foldAsked(facts.asked, observation);
  const incidents = foldIncidents(
    facts.incidents,
    incidentsOfOutcome(observation.outcome),
    observation.askedMs,
    bounds,
  );
  const told = { ...facts, asked, incidents };
  switch (observation.outcome.kind) {
    case 'answered':
      return foldAnswer(told, observation, observation.outcome.answer, bounds);
    case 'not_found':
      return foldNotFound(told, observation, bounds);
    default:
      // Unavailable, throttled, refused or incomplete: such an answer says nothing about the recording.
      return told;
  }
}

/**
 * An answer is valid for the interval from asking to answering. A sign of life is dated by the asking, so
 * that a notice about a moment in between still counts as newer.
 */
function foldAnswer(facts: SessionFacts, run: Observation, answer: RecordingAnswer, bounds: Bounds): SessionFacts {
  const sign = signOfAnswer(answer);
  const startedMs = sign.life ? answer.sliceStartedMs : null;
  const { askedMs, answeredMs, lastAskedMs, lastAnsweredMs } = run;
  const answerSigns = mergeSign(facts.answerSigns, sign, askedMs, lastAskedMs, startedMs);
  const alive = lastLife({ noticeSigns: facts.noticeSigns, answerSigns });
  const { status } = answer;
  return {
    ...facts,
    answerSigns,
    windowFromMs: sign.life ? earlier(facts.windowFromMs, askedMs) : facts.windowFromMs,
    ...after(alive, facts, bounds),
    exitAnswers:
      status === 8 || status === 20
        ? addExitAnswer(facts.exitAnswers, { askedMs, answeredMs, lastAskedMs, lastAnsweredMs, status }, bounds)
        : facts.exitAnswers,
    serviceStatus:
      status === null ? facts.serviceStatus : newerStatus(facts.serviceStatus, { atMs: lastAskedMs, status }),
    services: foldAnsweredServices(facts.services, answer.services, run, bounds),
  };
}

/** A run that has grown is folded again and replaces its earlier, shorter form. */
function addExitAnswer(
  answers: readonly ExitAnswerFact[],
  told: ExitAnswerFact,
  bounds: Bounds,
): readonly ExitAnswerFact[] {
  const same = answers.find(({ askedMs }) => askedMs === told.askedMs);
  if (same !== undefined && same.lastAskedMs >= told.lastAskedMs) return answers;
  const others = answers.filter((known) => known !== same);
  return keepEnds(
    [...others, told].sort((a, b) => a.askedMs - b.askedMs),
    bounds,
  );
}

/** Ours: docs/decisions/003-every-404-is-a-row.md */
function foldNotFound(facts: SessionFacts, missed: Observation, bounds: Bounds): SessionFacts {
  const { askedMs, answeredMs, clockEra = 0 } = missed;
  const era = clockEra === 0 ? {} : { era: clockEra };
  const alive = lastLife(facts);
  const isNews = isAfter(askedMs, alive) && !facts.notFound.some((had) => had.askedMs === askedMs);
  const notFound = isNews
    ? [...facts.notFound, { askedMs, answeredMs, ...era }].sort((a, b) => a.askedMs - b.askedMs)
    : facts.notFound;
  return {
    ...facts,
    ...after(alive, { notFound }, bounds),
    goneProofs: addProof(facts.goneProofs, missed, bounds),
  };
}

/** One proof for each absence: it lasts until its last 404, and `sinceMs` is its first. */
function addProof(
  proofs: readonly GoneProof[],
  { unbrokenSinceMs: sinceMs, askedMs, answeredMs }: Observation,
  bounds: Bounds,
): readonly GoneProof[] {
  if (sinceMs === null || sinceMs === askedMs) return proofs;
  const same = proofs.find((proof) => proof.sinceMs === sinceMs);
  const proof = {
    sinceMs,
    atMs: later(same?.atMs ?? null, askedMs) ?? askedMs,
    notAfterMs: earlier(same?.notAfterMs ?? null, answeredMs) ?? answeredMs,
  };
  const others = proofs.filter((known) => known !== same);
  return keepEnds(
    [...others, proof].sort((a, b) => a.sinceMs - b.sinceMs),
    bounds,
  );
}

/** A run that has grown is folded again: its earlier, smaller count is replaced and not added to. */
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
    lastVerifiedMs: outcome.kind === 'answered' ? later(asked.lastVerifiedMs, run.lastAskedMs) : asked.lastVerifiedMs,
    lastNotFoundMs: outcome.kind === 'not_found' ? later(asked.lastNotFoundMs, run.askedMs) : asked.lastNotFoundMs,
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
