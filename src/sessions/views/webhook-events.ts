import { isTerminal, type Finding, type Session, type SessionState } from '../verdict/session.js';
import { changedPaths, findingsOf } from './changed-paths.js';

/** What a version may be told of as; the order is that in which deliveries of one version go out. */
export const SESSION_EVENTS = [
  'session.registered',
  'session.reopened',
  'session.started',
  'session.stopping',
  'session.ended',
  'session.failed',
  'session.confirmed',
  'session.finding',
  'session.files',
  'session.upload',
  'session.changed',
] as const;
export type SessionEvent = (typeof SESSION_EVENTS)[number];

/** Where a session stands as event types tell it: `starting` and `recording` are one. */
export type ToldState = 'registered' | 'started' | 'stopping' | 'ended' | 'failed';

export function toldState(state: SessionState): ToldState {
  return state === 'starting' || state === 'recording' ? 'started' : state;
}

/**
 * The types of a version, from it and the one before; null where there was none. Following them from the first
 * version on gives the state: each tells the state that it became, and `session.reopened` alone tells that the
 * session goes on as started.
 */
export function eventsOf(before: Session | null, after: Session): readonly SessionEvent[] {
  const became: Readonly<Record<SessionEvent, boolean>> = {
    'session.registered': becomes('registered', before, after),
    'session.reopened': before !== null && isTerminal(before.state) && !isTerminal(after.state),
    'session.started': isStarted(before, after),
    'session.stopping': becomes('stopping', before, after),
    'session.ended': becomes('ended', before, after),
    'session.failed': becomes('failed', before, after),
    'session.confirmed': after.certainty === 'confirmed' && before?.certainty !== 'confirmed',
    'session.finding': newFindings(before, after).length > 0,
    'session.files': fileCount(after) > fileCount(before),
    'session.upload': after.upload.state !== (before?.upload.state ?? 'unknown'),
    'session.changed': true,
  };
  return SESSION_EVENTS.filter((type) => became[type]);
}

function becomes(state: ToldState, before: Session | null, after: Session): boolean {
  return toldState(after.state) === state && (before === null || toldState(before.state) !== state);
}

/** Who was called over after it had lived goes on and does not start again; who never started starts. */
function isStarted(before: Session | null, after: Session): boolean {
  if (!becomes('started', before, after)) return false;
  return before === null || !isTerminal(before.state) || before.outcome === 'never_started';
}

function fileCount(session: Session | null): number {
  return session?.files?.count ?? 0;
}

/** The state after these types of one version, in their order; null before the first. */
export function followEvents(told: ToldState | null, types: readonly SessionEvent[]): ToldState | null {
  return types.reduce<ToldState | null>((state, type) => STATE_TOLD[type] ?? state, told);
}

const STATE_TOLD: Readonly<Partial<Record<SessionEvent, ToldState>>> = {
  'session.registered': 'registered',
  'session.reopened': 'started',
  'session.started': 'started',
  'session.stopping': 'stopping',
  'session.ended': 'ended',
  'session.failed': 'failed',
};

/** The findings that were not there before: what a version counts as the same finding is no new one. */
export function newFindings(before: Session | null, after: Session): readonly Finding[] {
  const known = new Set(before === null ? [] : findingsOf(before));
  const keys = findingsOf(after);
  return after.findings.filter((_finding, index) => !known.has(keys[index] ?? ''));
}

/** The fields of a session, as the API names them, in which a version differs from the one before. */
export function changedFields(before: Session, after: Session): readonly string[] {
  return [...new Set(changedPaths(before, after).map((path) => path.split('.')[0] ?? path))];
}
