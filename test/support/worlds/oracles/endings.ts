import type { Notice } from '../../../../src/evidence/notice.js';
import { at, describe, isAbsence, type JudgedLife, type OverVersion } from '../judged.js';
import { isAlive, isLife, toldMs, type Reading } from '../reading.js';
import { areClocksRight, excuseOf, isWindowUnknown, laterUids } from './excuses.js';

/** Milliseconds that whole numbers cut off. */
const ROUNDING_MS = 1;

/**
 * A true end lies in the interval that the ledger gives, or at the moment it gives, as far as the
 * clock of the recorder that said so was right.
 */
export function intervalsHoldTheEnd(life: JudgedLife): string[] {
  return (
    life.over
      .filter(({ atMs }) => atMs >= life.end.fromMs)
      .filter((version) => excuseOf(life, version) === null)
      // What 404s date of a session that was stopped is no truer than they are.
      .filter(({ ending, reading }) => ending.rule !== 'stop_answer' || !isWindowUnknown(life, reading))
      .filter((version) => !holdsTheEnd(life, version))
      .map((version) => `${describe(version)}, ${intervalOf(version)}, but it ended ${at(life.end.untilMs)}`)
  );
}

function holdsTheEnd({ end, world }: JudgedLife, { ending }: OverVersion): boolean {
  const { atMs, notBeforeMs, notAfterMs } = ending.endedAt;
  const skewMs = Math.max(world.moves.behindMs, world.moves.aheadMs) + ROUNDING_MS;
  if (atMs !== null) return atMs >= end.fromMs - skewMs && atMs <= end.untilMs + skewMs;
  const beginsIn = notBeforeMs === null || notBeforeMs <= end.untilMs + skewMs;
  return beginsIn && (notAfterMs === null || notAfterMs >= end.fromMs - ROUNDING_MS);
}

function intervalOf({ ending }: OverVersion): string {
  const { atMs, notBeforeMs, notAfterMs } = ending.endedAt;
  const told = (ms: number | null): string => (ms === null ? 'unknown' : at(ms));
  return atMs === null ? `between ${told(notBeforeMs)} and ${told(notAfterMs)}` : told(atMs);
}

/**
 * An exit that was heard of the last recorder decides the outcome: by its status, never `vanished`.
 * Of two exits the later one is the session's; which that is, only clocks that are right can tell.
 */
export function heardExitsDecide(life: JudgedLife): string[] {
  const expected = life.truth.fate === 'abnormal_exit' ? 'abnormal_exit' : 'completed';
  return life.over
    .filter(({ reading }) => isJudgeable(reading) && reading.notices.some(isLastExit(life)))
    .filter((version) => version.session.outcome !== expected && !isUnordered(life, version))
    .map((version) => `${describe(version)}, but the exit that was heard says ${expected}`);
}

function isUnordered(life: JudgedLife, version: OverVersion): boolean {
  return !areClocksRight(life) && excuseOf(life, version) === 'goodbye';
}

function isJudgeable({ registration, isAmbiguous }: Reading): boolean {
  return registration !== null && !isAmbiguous;
}

function isLastExit(life: JudgedLife): (told: Notice) => boolean {
  return ({ eventType, uid }) => eventType === 11 && laterUids(life, uid).length === 0;
}

/** The bits of a leaveCode that say that it was stopped or idle. */
const CAUSED = 4 | 16;

/** A leave, a stop or an upload of the last recorder: why it ended, though not that it did. */
function isCause(life: JudgedLife): (told: Notice) => boolean {
  return ({ event, uid }) => {
    if (laterUids(life, uid).length > 0) return false;
    if (event.type === 'recorderLeft') return ((event.leaveCode ?? 0) & CAUSED) !== 0;
    return event.type === 'webRecorderStopped' || event.type === 'uploaded' || event.type === 'backedUp';
  };
}

/**
 * Gone, its exit lost but its cause heard: completed, and a finding says that the exit was lost. Which of
 * two later recorders is the last one, only clocks that are right can tell.
 */
export function heardCausesDecide(life: JudgedLife): string[] {
  if (!areClocksRight(life) && life.truth.failovers.length > 1) return [];
  return life.over
    .filter(({ ending, reading }) => isAbsence(ending) && isJudgeable(reading))
    .filter(
      ({ reading }) => !reading.notices.some(isAnyExit) && reading.notices.some(isCause(life)) && !reading.stopped,
    )
    .filter(({ session }) => session.outcome !== 'completed' || !hasLostExit(session.findings))
    .map(
      (version) =>
        `${describe(version)}, although its cause was heard; findings: ${version.session.findings.map(({ code }) => code).join(' ')}`,
    );
}

function isAnyExit({ eventType }: Notice): boolean {
  return eventType === 11;
}

function hasLostExit(findings: OverVersion['session']['findings']): boolean {
  return findings.some(({ code }) => code === 'exit_notice_lost');
}

/** `completed` by absence alone needs a cause: an exit, a leave, a stop or an upload that was heard. */
export function completedHasACause({ over }: JudgedLife): string[] {
  const tells = ({ eventType }: Notice): boolean => [11, 31, 32, 41, 71].includes(eventType);
  return over
    .filter(({ ending, session }) => isAbsence(ending) && session.outcome === 'completed')
    .filter(({ reading }) => !reading.stopped && !reading.notices.some(tells))
    .map((version) => `${describe(version)}, and nothing told of an end`);
}

/** `never_started` only while neither source ever showed a sign of life. */
export function neverStartedWasNeverSeen({ over }: JudgedLife): string[] {
  return over
    .filter(({ session }) => session.outcome === 'never_started')
    .filter(({ reading }) => !reading.isAmbiguous && wasSeen(reading))
    .map((version) => `${describe(version)}, although life was heard`);
}

function wasSeen({ notices, queries }: Reading): boolean {
  return notices.some((told) => isLife(told) && toldMs(told) > 0) || queries.some(isAlive);
}
