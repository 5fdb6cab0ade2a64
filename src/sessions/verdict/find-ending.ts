import { earlier, isAfter, later, unixMs, type UnixMs } from '../../evidence/instant.js';
import { provenAbsence, runsOf404s, wasSeen, type Absence } from './absence.js';
import { isRevoked } from './agreement.js';
import { currentExits } from '../facts/current-recorders.js';
import type { Ending, EndingRule } from './ending.js';
import type { ExitFact, SessionFacts } from '../facts/facts.js';
import { heardCause } from './heard-cause.js';
import { lastLife } from '../facts/merge-signs-of-life.js';
import type { VerdictRules } from '../facts/rules.js';
import type { SessionEnd, SessionOutcome } from './session.js';

/**
 * The ending in force; null while nothing proves one. A reported or observed exit comes before an absence
 * that we measured. Either is revoked by a later query that finds the session alive.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export function findEnding(facts: SessionFacts, rules: VerdictRules): Ending | null {
  return exitNotice(facts) ?? exitStatus(facts, rules) ?? stopAnswer(facts, rules) ?? absence(facts, rules);
}

/**
 * The first exit that was not revoked, of a recorder that no failover has replaced.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
function exitNotice(facts: SessionFacts): Ending | null {
  const exit = currentExits(facts).find(({ atMs }) => !isRevoked(atMs, facts));
  if (exit === undefined) return null;
  return {
    outcome: outcomeOfExit(exit),
    endedAt: { atMs: exit.atMs, notBeforeMs: null, notAfterMs: null, source: 'notice' },
    rule: 'exit_notice',
    sinceMs: exit.knownMs,
  };
}

/** An exit without a status is still an exit, and nothing says that it was abnormal. */
function outcomeOfExit({ exitStatus }: ExitFact): SessionOutcome {
  return exitStatus !== null && exitStatus !== 0 ? 'abnormal_exit' : 'completed';
}

/** @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes */
function exitStatus(facts: SessionFacts, rules: VerdictRules): Ending | null {
  const unrevoked = facts.exitAnswers.filter(({ askedMs }) => !isRevoked(askedMs, facts));
  // A status from before the last sign of life may be that of a dying recorder that was replaced.
  const answer = unrevoked.find(({ askedMs }) => isAfter(askedMs, lastLife(facts))) ?? unrevoked[0];
  if (answer === undefined) return null;
  return {
    outcome: answer.status === 8 ? 'completed' : 'abnormal_exit',
    endedAt: unseenEnd(facts, rules, 'query'),
    rule: 'exit_status',
    sinceMs: answer.answeredMs,
  };
}

function stopAnswer(facts: SessionFacts, rules: VerdictRules): Ending | null {
  const { stop } = facts;
  if (stop === null || isRevoked(stop.receivedMs, facts)) return null;
  return {
    outcome: 'completed',
    endedAt: unseenEnd(facts, rules, 'stop'),
    rule: 'stop_answer',
    sinceMs: stop.receivedMs,
  };
}

/** 404s that lasted longer than any failover. */
function absence(facts: SessionFacts, rules: VerdictRules): Ending | null {
  const proven = provenAbsence(facts, rules);
  if (proven === null || (facts.registration === null && !wasSeen(facts))) return null;
  const why = wasSeen(facts) ? whyGone(facts, rules) : NEVER_STARTED;
  return { ...why, endedAt: unseenEnd(facts, rules, 'query'), sinceMs: sinceOf(facts, proven) };
}

const NEVER_STARTED = { outcome: 'never_started', rule: 'never_started' } as const;

/**
 * An absence without any explanation is `vanished`. A session is not vanished if its exit was reported, even
 * if a query in between or a slow clock seemed to deny it, nor if it was stopped or gave a reason for
 * leaving.
 */
function whyGone(facts: SessionFacts, rules: VerdictRules): { outcome: SessionOutcome; rule: EndingRule } {
  const exit = currentExits(facts).at(-1);
  if (exit !== undefined) return { outcome: outcomeOfExit(exit), rule: 'contradicted_exit' };
  const explained = facts.stop !== null || heardCause(facts, rules) !== null;
  return explained ? { outcome: 'completed', rule: 'heard_cause' } : { outcome: 'vanished', rule: 'gone' };
}

function sinceOf(facts: SessionFacts, { notAfterMs }: Absence): UnixMs {
  return later(notAfterMs, lastLife(facts)) ?? notAfterMs;
}

/**
 * The interval that contains an unseen end: from the last sign of life to the first evidence of the end with
 * no sign of life after it. A sender whose clock is ahead dates its signs too late.
 */
function unseenEnd(facts: SessionFacts, rules: VerdictRules, source: SessionEnd['source']): SessionEnd {
  const alive = lastLife(facts);
  const said = [
    ...facts.exitAnswers.flatMap(({ answeredMs, lastAnsweredMs }) => [answeredMs, lastAnsweredMs]),
    ...(facts.stop === null ? [] : stoppedBy(facts, rules, facts.stop.receivedMs)),
  ].filter((atMs) => isAfter(atMs, alive));
  const notAfterMs = said.reduce<UnixMs | null>(earlier, provenAbsence(facts, rules)?.notAfterMs ?? null);
  return { atMs: null, notBeforeMs: lastCertainLife(facts), notAfterMs, source };
}

/** After a confirmed stop a failover is ruled out, so the first 404 is enough. */
function stoppedBy(facts: SessionFacts, rules: VerdictRules, stoppedMs: UnixMs): readonly UnixMs[] {
  const missed = runsOf404s(facts, rules)
    .flat()
    .find(({ askedMs }) => askedMs >= stoppedMs);
  return missed === undefined ? [stoppedMs] : [stoppedMs, missed.answeredMs];
}

function lastCertainLife({ noticeSigns, answerSigns, skew }: SessionFacts): UnixMs | null {
  const told = noticeSigns.lastLifeMs;
  const certain = told === null ? null : unixMs(told - (skew?.aheadMs ?? 0));
  return later(certain, answerSigns.lastLifeMs);
}
