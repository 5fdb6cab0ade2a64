import type { Observation } from '../../../../src/evidence/observation.js';
import { planQuery } from '../../../../src/reconcile/plan-query.js';
import type { SessionFacts } from '../../../../src/sessions/facts/facts.js';
import { findEnding } from '../../../../src/sessions/verdict/find-ending.js';
import { isTerminal } from '../../../../src/sessions/verdict/session.js';
import { RULES } from '../../builders.js';
import type { Version } from '../../virtual-session.js';
import { at, describe, saidEndMs, type JudgedLife, type OverVersion } from '../judged.js';
import { findsItOver, isLife, LAST_LOOK_MS, toldMs, windowEndMs } from '../reading.js';

const ROUTINE_MS = RULES.routineIntervalMs * 1.25 + 10_000;
/** The last of the waits after a refusal, and some room. */
const REFUSED_MS = 3_600_000 + 60_000;
const TRIGGER_MS = 60_000;
const TRIGGERS: readonly number[] = [11, 12, 41, 71];

/**
 * Rule 4: a sign of life that is newer than an end makes the plan ask, until a query has told. What a
 * recorder says that has exited is its uploader's.
 */
export function lifeAfterAnEndIsLookedAt(life: JudgedLife): string[] {
  return life.over.flatMap((version) => {
    const { reading, ending } = version;
    const exited = reading.notices.filter(({ eventType }) => eventType === 11).map(({ uid }) => uid);
    const newest = reading.notices
      .filter((told) => isLife(told) && toldMs(told) > saidEndMs(ending))
      .filter(({ uid }) => !exited.includes(uid))
      .at(-1);
    if (newest === undefined || reading.isAmbiguous) return [];
    if (reading.queries.some((query) => query.askedMs > toldMs(newest) && hasTold(query))) return [];
    const late = askedTooLate(version, newest.receivedMs + ROUTINE_MS, windowEndMs(reading));
    return late === null ? [] : [`${describe(version)}: life heard at ${at(newest.receivedMs)}, ${late}`];
  });
}

/**
 * Every end is looked at once more when no failover can explain it any longer: only so is a goodbye
 * or a dying status found out of which nothing else ever tells. What was stopped needs
 * a query that agrees.
 */
export function endsAreLookedAtAgain(life: JudgedLife): string[] {
  return life.over.flatMap((version) => {
    const { reading, ending } = version;
    if (reading.isAmbiguous || reading.registration === null || ending.rule === 'never_started') return [];
    const lastLookMs = saidEndMs(ending) + LAST_LOOK_MS;
    const looks = reading.queries.filter((query) => hasTold(query) && query.askedMs > lastLookMs);
    const agreed = reading.stopped && reading.queries.some(findsItOver);
    if (looks.length > 0 || agreed) return [];
    const late = askedTooLate(version, Math.max(lastLookMs, version.atMs) + ROUTINE_MS, windowEndMs(reading));
    return late === null ? [] : [`${describe(version)}: no last look, ${late}`];
  });
}

function hasTold({ outcome }: Observation): boolean {
  return outcome.kind === 'answered' || outcome.kind === 'not_found';
}

/** Null where the plan asks by `byMs`, or as soon as what was answered last allows it. */
function askedTooLate({ facts }: Version, byMs: number, untilMs: number): string | null {
  const { latest } = facts.asked;
  const againMs = latest === null ? 0 : latest.lastAnsweredMs + (isRefused(latest.outcome) ? REFUSED_MS : ROUTINE_MS);
  const latestMs = Math.max(byMs, againMs);
  if (latestMs >= untilMs) return null; // too near the end of the window to demand anything
  const planned = planQuery(facts, findEnding(facts, RULES), RULES);
  if (planned === null) return 'and nothing is planned';
  return planned.dueMs > latestMs ? `and asked only at ${at(planned.dueMs)}` : null;
}

function isRefused(outcome: Observation['outcome']['kind']): boolean {
  return outcome === 'bad_request' || outcome === 'no_route' || outcome === 'unauthorized';
}

/**
 * Rule 1: a refusal ends nothing and is no reason to give up: asking goes on, after an hour at the
 * latest, and at once when a notification suggests an end or a move.
 */
export function refusedIsAskedAgain(life: JudgedLife): string[] {
  const { versions, sessions, evidence } = life;
  return versions.flatMap((version, index) => {
    const { facts, known } = version;
    const state = sessions[index]?.state ?? 'registered';
    const news = evidence[known - 1];
    if (!isRefused(facts.asked.latest?.outcome ?? 'answered') || isTerminal(state)) return [];
    const isTrigger = news?.kind === 'notice' && news.appId === life.truth.appId && TRIGGERS.includes(news.eventType);
    if (news?.kind !== 'observation' && !isTrigger) return [];
    const wrong = givenUp(facts, isTrigger ? version.atMs + TRIGGER_MS : null, windowEndMs(life.reading));
    return wrong === null
      ? []
      : [`at ${at(version.atMs)}, last answer ${String(facts.asked.latest?.outcome)}: ${wrong}`];
  });
}

function givenUp(facts: SessionFacts, signalMs: number | null, untilMs: number): string | null {
  const answeredMs = facts.asked.latest?.lastAnsweredMs ?? 0;
  const byMs = signalMs ?? answeredMs + REFUSED_MS;
  if (byMs >= untilMs || facts.registration === null) return null;
  const planned = planQuery(facts, findEnding(facts, RULES), RULES);
  if (planned === null) return 'never asked again';
  return planned.dueMs > byMs ? `asked again only at ${at(planned.dueMs)}` : null;
}

/** Rule 4: what is told after a heard exit reopens nothing; only a newer answer 0 to 5 may. */
export function lateNewsDoesNotReopen(life: JudgedLife): string[] {
  const lastUid = life.truth.failovers.at(-1)?.newUid ?? life.truth.uid;
  const exited = life.over.findIndex((version) => restsOnExitOf(version, lastUid));
  const first = life.over[exited];
  if (first === undefined) return [];
  const reopened = life.versions.findIndex(
    ({ known }, index) => known > first.known && !isTerminal(life.sessions[index]?.state ?? 'ended'),
  );
  const version = life.versions[reopened];
  if (version === undefined || isAnsweredAfter(life, first, version.known)) return [];
  return [`${describe(first)}, reopened at ${at(version.atMs)}`];
}

function restsOnExitOf({ ending, reading }: OverVersion, uid: string): boolean {
  if (ending.rule !== 'exit_notice' || reading.isAmbiguous || reading.registration === null) return false;
  return reading.notices.some(
    (told) => told.eventType === 11 && told.uid === uid && toldMs(told) === ending.endedAt.atMs,
  );
}

function isAnsweredAfter({ evidence }: JudgedLife, { ending }: OverVersion, known: number): boolean {
  return evidence.slice(0, known).some((piece) => {
    if (piece.kind !== 'observation' || piece.outcome.kind !== 'answered') return false;
    const { status } = piece.outcome.answer;
    return status !== null && status <= 5 && piece.askedMs > saidEndMs(ending);
  });
}
