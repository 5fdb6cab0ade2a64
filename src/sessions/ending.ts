import { isAfter, plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import type { ExitFact, SessionFacts } from './facts.js';
import { lastLife } from './merge-signs.js';
import { queryableUntil, registeredStart } from './query-window.js';
import { currentRecorders } from './recorders.js';
import type { VerdictRules } from './rules.js';
import type { SessionEnd, SessionOutcome } from './session.js';

/** Why a session is over: the outcome, when it ended, and the rule that decided. */
export type Ending = {
  outcome: SessionOutcome;
  endedAt: SessionEnd;
  rule: 'exit_notice' | 'exit_status' | 'stop_answer' | 'gone' | 'never_started';
};

/** The moment from which on the session is over, at the latest. */
export function endMs({ endedAt }: Ending): UnixMs {
  return endedAt.atMs ?? endedAt.notAfterMs ?? unixMs(0);
}

/**
 * The ending that stands, or null while nothing proves one. An exit that somebody saw comes before
 * an absence that we measured; each is taken back by a query that was asked later and found the
 * session alive.
 */
export function findEnding(facts: SessionFacts, rules: VerdictRules): Ending | null {
  return (
    exitNotice(facts) ??
    exitStatus(facts) ??
    stopAnswer(facts) ??
    gone(facts, rules) ??
    neverStarted(facts, rules)
  );
}

/** Taken back only by a newer query that answers status 0–5; never by a late notice. */
function stands(atMs: UnixMs, facts: SessionFacts): boolean {
  return !isTakenBack(atMs, facts);
}

export function isTakenBack(atMs: UnixMs, facts: SessionFacts): boolean {
  const { lastLiveMs } = facts.answerSigns;
  return lastLiveMs !== null && lastLiveMs > atMs;
}

/** The first exit that stands, of a recorder that no failover has replaced. */
function exitNotice(facts: SessionFacts): Ending | null {
  const exit = standingExit(facts);
  if (exit === null) return null;
  return {
    outcome: isAbnormal(exit) ? 'abnormal_exit' : 'completed',
    endedAt: { atMs: exit.atMs, notBeforeMs: null, notAfterMs: null, source: 'notice' },
    rule: 'exit_notice',
  };
}

function standingExit(facts: SessionFacts): ExitFact | null {
  const exits = currentRecorders(facts)
    .flatMap((recorder) => recorder.exits)
    .filter((exit) => stands(exit.atMs, facts));
  return exits.reduce<ExitFact | null>(
    (first, exit) => (first === null || exit.atMs < first.atMs ? exit : first),
    null,
  );
}

/** An exit without a status is an exit all the same, and nothing says it was abnormal. */
function isAbnormal(exit: ExitFact): boolean {
  return exit.exitStatus !== null && exit.exitStatus !== 0;
}

function exitStatus(facts: SessionFacts): Ending | null {
  const answer = facts.exitAnswers.find(({ askedMs }) => stands(askedMs, facts));
  if (answer === undefined) return null;
  return {
    outcome: answer.status === 8 ? 'completed' : 'abnormal_exit',
    endedAt: unseenEnd(facts, answer.answeredMs, 'query'),
    rule: 'exit_status',
  };
}

function stopAnswer(facts: SessionFacts): Ending | null {
  if (facts.stop === null || !stands(facts.stop.receivedMs, facts)) return null;
  return {
    outcome: 'completed',
    endedAt: unseenEnd(facts, facts.stop.receivedMs, 'stop'),
    rule: 'stop_answer',
  };
}

/** Seen alive once, then 404s for as long as a failover could never explain. */
function gone(facts: SessionFacts, rules: VerdictRules): Ending | null {
  const missed = provenAbsence(facts);
  if (!wasSeen(facts) || missed === null) return null;
  if (missed.lastMs < absenceProofMs(facts, missed.firstMs, rules)) return null;
  return {
    // Somebody stopped it: then it did not vanish, whatever a query in between still saw.
    outcome: facts.stop === null ? 'vanished' : 'completed',
    endedAt: unseenEnd(facts, missed.firstAnsweredMs, 'query'),
    rule: 'gone',
  };
}

/** No sign of life from either source, and 404s throughout the time in which it should have started. */
function neverStarted(facts: SessionFacts, rules: VerdictRules): Ending | null {
  const missed = provenAbsence(facts);
  if (facts.registration === null || wasSeen(facts) || missed === null) return null;
  if (missed.lastMs < absenceProofMs(facts, missed.firstMs, rules)) return null;
  return {
    outcome: 'never_started',
    endedAt: unseenEnd(facts, missed.firstAnsweredMs, 'query'),
    rule: 'never_started',
  };
}

function wasSeen(facts: SessionFacts): boolean {
  return facts.existed || lastLife(facts) !== null;
}

/**
 * From when on a further 404 proves that a session is gone, or never started, when `firstMs` was the
 * first of them. One that nobody ever saw may have started unnoticed and be failing over: until its
 * deadline and for as long as that takes the 404s must last, and for as long as any other's where
 * nobody asked before the deadline.
 */
export function absenceProofMs(facts: SessionFacts, firstMs: UnixMs, rules: VerdictRules): UnixMs {
  const { registration } = facts;
  const goneMs = plusMs(firstMs, rules.goneConfirmMs);
  if (registration === null || wasSeen(facts)) return goneMs;
  const deadlineMs = plusMs(registeredStart(registration), rules.startDeadlineMs);
  if (firstMs >= deadlineMs) return goneMs;
  const throughout = plusMs(firstMs, Math.min(rules.goneConfirmMs, rules.startDeadlineMs));
  return throughout > deadlineMs ? throughout : deadlineMs;
}

type Absence = { firstMs: UnixMs; firstAnsweredMs: UnixMs; lastMs: UnixMs };

/** The 404s since the last sign of life, as far as they were asked while `query` still worked. */
export function provenAbsence(facts: SessionFacts): Absence | null {
  const untilMs = queryableUntil(facts.registration);
  const missed = facts.notFound.filter(({ askedMs }) => untilMs !== null && askedMs < untilMs);
  const first = missed[0];
  const last = missed.at(-1);
  if (first === undefined || last === undefined) return null;
  return { firstMs: first.askedMs, firstAnsweredMs: first.answeredMs, lastMs: last.askedMs };
}

function unseenEnd(
  facts: SessionFacts,
  notAfterMs: UnixMs,
  source: SessionEnd['source'],
): SessionEnd {
  const alive = lastLife(facts);
  const notBeforeMs = alive !== null && isAfter(alive, notAfterMs) ? notAfterMs : alive;
  return { atMs: null, notBeforeMs, notAfterMs, source };
}
