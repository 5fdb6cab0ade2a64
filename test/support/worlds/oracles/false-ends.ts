import type { Notice } from '../../../../src/evidence/notice.js';
import { at, describe, isAbsence, saidEndMs, type JudgedLife, type OverVersion } from '../judged.js';
import { isAtWork, isLife, toldMs } from '../reading.js';
import { excuseOf } from './excuses.js';

function falseVersions({ over, end }: JudgedLife): readonly OverVersion[] {
  return over.filter(({ atMs }) => atMs < end.fromMs - 1);
}

/**
 * Rule 1: nothing but the end itself ends a session, but for what no evidence can decide at that moment: an
 * unannounced goodbye, a dying status, a failover longer than any document says, a query window whose
 * beginning was not reported.
 */
export function neverAFalseEnd(life: JudgedLife): string[] {
  return falseVersions(life)
    .filter((version) => excuseOf(life, version) === null)
    .map((version) => `${describe(version)}, but it lived until ${at(life.end.fromMs)}`);
}

/**
 * Rule 1: an end that could not be known to be false is taken back once something tells of life: a
 * query asked after it that is answered 0 to 5, or, where only 404s proved it, any sign of life that
 * is newer than all of them.
 */
export function falseEndsAreTakenBack(life: JudgedLife): string[] {
  return falseVersions(life)
    .filter((version) => excuseOf(life, version) !== 'unregistered' && isDenied(version))
    .map((version) => `${describe(version)}, although life was heard after it`);
}

function isDenied({ ending, reading }: OverVersion): boolean {
  const endMs = saidEndMs(ending);
  if (reading.queries.some((query) => isAtWork(query) && query.askedMs > endMs)) return true;
  if (!isAbsence(ending)) return false;
  const misses = reading.queries.filter(({ outcome }) => outcome.kind === 'not_found');
  const lastMs = Math.max(...misses.map(({ askedMs }) => askedMs));
  return reading.notices.some((told: Notice) => isLife(told) && toldMs(told) > lastMs);
}
