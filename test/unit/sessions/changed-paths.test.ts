import type { Evidence } from '../../../src/evidence/evidence.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import type { FileSummary } from '../../../src/sessions/facts/files.js';
import { becauseOf } from '../../../src/sessions/views/because.js';
import { changedPaths } from '../../../src/sessions/views/changed-paths.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import type { Session } from '../../../src/sessions/verdict/session.js';
import {
  anAnswer,
  aNotice,
  anObservation,
  aRegistration,
  at,
  NOT_FOUND,
  notFoundAt,
  RULES,
  SID,
} from '../../support/builders.js';

const files = (count: number, snapshots = 0, digest = String(count - snapshots)): FileSummary => ({
  count,
  snapshots,
  digest,
});

function sessionOf(evidence: readonly Evidence[], known: FileSummary | null = files(0)): Session {
  return { ...conclude(fold(noFacts(SID), evidence), RULES).session, files: known };
}

const started = aNotice(1, { type: 'recorderStarted', status: 0 }, { sequence: 0 });
const live = [aRegistration(), started];
const exit = aNotice(3_600, { type: 'sessionExit', exitStatus: 0 }, { serviceType: 0, sequence: 0 });
const beat = (minute: number, told = {}): Evidence =>
  aNotice(minute * 60, { type: 'uploadProgress', progress: minute / 100 }, told);

/** What the second of two says that the first did not. */
const between = (before: readonly Evidence[], after: readonly Evidence[]): readonly string[] =>
  changedPaths(sessionOf(before), sessionOf(after));

describe('what a version says that the one before did not', () => {
  it('is all that is known, of the first one', () => {
    const paths = changedPaths(null, sessionOf(live));
    expect(paths).toEqual(expect.arrayContaining(['sid', 'state', 'appId', 'startedAt.at', 'queryable']));
    expect(paths).not.toEqual(expect.arrayContaining(['outcome']));
    expect(paths).not.toContain('endedAt.at');
  });

  it('is nothing after heartbeats, copies of them, and queries that find all as it was', () => {
    const known = [...live, beat(1), anObservation(70, anAnswer(5))];
    const copies = { kind: 'repeated_delivery' as const, sid: SID, eventKey: '1'.repeat(32), receivedMs: at(100) };
    const throttled = anObservation(200, { kind: 'throttled', retryAfterMs: null });
    const more = [beat(2), beat(3), copies, anObservation(190, anAnswer(5)), throttled, anObservation(250, NOT_FOUND)];
    expect(between(known, [...known, ...more])).toEqual([]);
  });

  it('names what a reader could act on, in the words of the API', () => {
    expect(between(live, [...live, exit])).toEqual(['endedAt.at', 'endedAt.source', 'outcome', 'state']);
    expect(between([aRegistration()], live)).toEqual(
      expect.arrayContaining(['recorderUids', 'startedAt.at', 'startedAt.source', 'state']),
    );
    expect(between([started], live)).toEqual(expect.arrayContaining(['queryable', 'resourceId', 'mode']));
    const vanished = [...live, ...notFoundAt(100, 130, 160, 191, 222)];
    expect(between(live, vanished)).toEqual(
      expect.arrayContaining(['endedAt.notAfter', 'endedAt.notBefore', 'findings', 'outcome', 'state']),
    );
  });

  it('is a file, or what is new of one, and nothing where the release before did not count them', () => {
    const session = (known: FileSummary | null) => sessionOf(live, known);
    expect(changedPaths(session(files(0)), session(files(1)))).toEqual(['files']);
    expect(changedPaths(session(files(1, 0, 'a')), session(files(1, 0, 'b')))).toEqual(['files']);
    expect(changedPaths(session(files(1)), session(files(1)))).toEqual([]);
    expect(changedPaths(session(null), session(files(1)))).toEqual([]);
  });

  it('is a snapshot only while there are few, or once the session is over', () => {
    const versions = (evidence: readonly Evidence[], until: number): number => {
      const session = sessionOf(evidence);
      const having = (n: number): Session => ({ ...session, files: files(n, n) });
      const paths = Array.from({ length: until }, (_, n) => changedPaths(having(n), having(n + 1)));
      return paths.filter((changed) => changed.includes('files')).length;
    };
    expect(versions(live, 17_280)).toBe(15);
    expect(versions([...live, exit], 20)).toBe(20);
    const [before, after] = [sessionOf(live, files(20, 20)), sessionOf([...live, exit], files(21, 21))];
    expect(changedPaths(before, after)).toContain('files');
    expect(changedPaths(before, { ...after, files: files(20, 20) })).not.toContain('files');
  });

  it('is a gap and how it was settled, until a session that goes on has had many', () => {
    const lossy = (minutes: number): Evidence[] => [
      ...live,
      ...Array.from({ length: minutes }, (_, n) => beat(n + 1, { sequence: 2 * n + 2 })),
      { kind: 'time_passed' as const, sid: SID, untilMs: at(minutes * 60 + 10) },
    ];
    expect(between(lossy(1), lossy(2))).toEqual(['findings', 'gaps.open']);
    const asked = (minutes: number): Evidence[] => [...lossy(minutes), anObservation(minutes * 60 + 30, anAnswer(5))];
    expect(between(lossy(2), asked(2))).toEqual(expect.arrayContaining(['gaps.open', 'gaps.settled']));
    expect(between(asked(12), asked(13))).toEqual([]);
    expect(between(asked(12), [...asked(13), exit])).toContain('state');
  });

  it('is what a part of it does, and not when or by whom that was last reported', () => {
    const recorder = (state: string, seconds: number, source: 'query' | 'notice'): Session => ({
      ...sessionOf(live),
      services: [{ name: 'web_recorder_service', state, atMs: at(seconds), source }],
    });
    expect(changedPaths(sessionOf(live), recorder('inProgress', 60, 'query'))).toEqual(['services']);
    expect(changedPaths(recorder('inProgress', 60, 'query'), recorder('inProgress', 90, 'notice'))).toEqual([]);
    expect(changedPaths(recorder('inProgress', 60, 'query'), recorder('exit', 60, 'query'))).toEqual(['services']);
  });

  it('is not by how much a clock is wrong, nor the moment of the last sign of life', () => {
    const skewed = (aheadSeconds: number): Evidence[] => [
      ...live,
      beat(1, { occurredMs: at(60 + aheadSeconds), receivedMs: at(60) }),
    ];
    expect(between(live, skewed(10))).toContain('findings');
    expect(between(skewed(10), [...skewed(10), ...skewed(20).slice(2)])).toEqual([]);
    const reopened = [...live, exit, anObservation(3_700, anAnswer(5))];
    expect(between(live, reopened)).toContain('findings');
    expect(between(reopened, [...reopened, anObservation(3_820, anAnswer(5))])).toEqual([]);
  });

  it('does not depend on the order of keys in which a database gives a document back', () => {
    const session = sessionOf([...live, exit]);
    const reversed = (value: unknown): unknown =>
      typeof value !== 'object' || value === null || Array.isArray(value)
        ? value
        : Object.fromEntries(
            Object.entries(value)
              .reverse()
              .map(([key, inner]) => [key, reversed(inner)]),
          );
    expect(changedPaths(reversed(session) as Session, session)).toEqual([]);
  });
});

describe('the evidence that led to a version', () => {
  it('names its source, kind and times, the newest last', () => {
    expect(becauseOf([exit, anObservation(70, anAnswer(5)), aRegistration(), started], false)).toEqual([
      { source: 'registration', kind: 'registered', atMs: at(0.1), receivedMs: at(0.1) },
      { source: 'notice', kind: 'recorder_started', atMs: at(1), receivedMs: at(1.2) },
      { source: 'query', kind: 'observed', atMs: at(70), receivedMs: at(70.1) },
      { source: 'notice', kind: 'session_exit', atMs: at(3_600), receivedMs: at(3_600.2) },
    ]);
    expect(becauseOf([aRegistration({ replaces: true })], true)).toMatchObject([{ kind: 'registration_replaced' }]);
  });

  it('is bounded: of a day that came at once, heartbeats and copies go first, then the oldest', () => {
    const day = Array.from({ length: 1_440 }, (_, n) => beat(n + 1));
    expect(becauseOf([started, ...day, exit], true).map(({ kind }) => kind)).toEqual([
      'recorder_started',
      'session_exit',
    ]);
    expect(becauseOf(notFoundAt(...Array.from({ length: 50 }, (_, n) => 100 + n)), true)).toHaveLength(20);
    expect(becauseOf(day, true)).toHaveLength(20);
  });
});
