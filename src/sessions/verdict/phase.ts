import { later, type UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../facts/facts.js';
import { lastLife } from '../facts/merge-signs-of-life.js';
import { currentLeaves } from '../facts/current-recorders.js';
import type { SessionState } from './session.js';

/**
 * The state of a session that nothing proves to be over.
 * Ours: docs/decisions/007-what-is-a-sign-of-life.md
 */
export function livePhase(facts: SessionFacts): SessionState {
  // It is not registered, but there is evidence of it, even if only an error: so it was started.
  const isKnown = facts.existed || facts.registration === null;
  if (lastLife(facts) === null && !isKnown) return 'registered';
  if (isStopping(facts)) return 'stopping';
  const { noticeSigns, answerSigns } = facts;
  const hasRecorded = noticeSigns.lastRecordingMs !== null || answerSigns.lastRecordingMs !== null;
  return hasRecorded ? 'recording' : 'starting';
}

/**
 * Notices of stream changes may follow a leave; only a new start, or a query that finds it alive, revokes the
 * leave.
 */
function isStopping(facts: SessionFacts): boolean {
  const stopping = lastStopping(facts);
  if (stopping === null) return false;
  const live = later(facts.noticeSigns.lastLiveMs, facts.answerSigns.lastLiveMs);
  return live === null || live <= stopping;
}

/** The last moment at which anything said that the session was on its way out. */
export function lastStopping(facts: SessionFacts): UnixMs | null {
  return later(reportedStopping(facts), facts.answerSigns.lastStoppingMs);
}

function reportedStopping(facts: SessionFacts): UnixMs | null {
  return currentLeaves(facts).reduce<UnixMs | null>(
    (last, { atMs }) => later(last, atMs),
    facts.noticeSigns.lastStoppingMs,
  );
}

/** Which sources themselves say that the session is in its present phase. */
export function phaseWitnesses(facts: SessionFacts, phase: SessionState): { notices: boolean; queries: boolean } {
  const { noticeSigns, answerSigns } = facts;
  switch (phase) {
    case 'stopping':
      return {
        notices: isSince(reportedStopping(facts), answerSigns.lastLiveMs),
        queries: isSince(answerSigns.lastStoppingMs, answerSigns.lastLiveMs),
      };
    case 'recording':
      return {
        notices: noticeSigns.lastRecordingMs !== null,
        queries: answerSigns.lastRecordingMs !== null,
      };
    default:
      return {
        notices: facts.existed,
        queries: answerSigns.lastLifeMs !== null || facts.asked.lastNotFoundMs !== null,
      };
  }
}

function isSince(atMs: UnixMs | null, sinceMs: UnixMs | null): boolean {
  return atMs !== null && (sinceMs === null || atMs >= sinceMs);
}
