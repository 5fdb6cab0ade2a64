import type { Evidence } from '../../../src/evidence/evidence.js';
import type { Notice } from '../../../src/evidence/notice.js';
import type { RecordingEvent } from '../../../src/evidence/recording-event.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { explain } from '../../../src/sessions/views/explain.js';
import { noFacts, type SessionFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import type { Session } from '../../../src/sessions/verdict/session.js';
import {
  anAnswer,
  aNotice,
  anObservation,
  aRegistration,
  aStopAnswer,
  at,
  FOLD_RULES,
  notFoundAt,
  RULES,
  SID,
} from '../../support/builders.js';

const factsOf = (...evidence: Evidence[]): SessionFacts => fold(noFacts(SID), evidence, FOLD_RULES);
const sessionOf = (...evidence: Evidence[]): Session => conclude(factsOf(...evidence), RULES).session;
const alive = () => [aRegistration(), anObservation(5, anAnswer(5))];
const exit = (seconds: number, exitStatus: number, told: Partial<Notice> = {}) =>
  aNotice(seconds, { type: 'sessionExit', exitStatus }, told);
const gone = (seconds: number) => notFoundAt(seconds, seconds + 45, seconds + 91);
const codes = ({ findings }: Session): string[] => findings.map(({ code }) => code);

describe('an exit that was heard', () => {
  it('is never vanished, though a query in between seemed to deny it', () => {
    const denied = [...alive(), exit(100, 1), anObservation(101, anAnswer(5))];
    expect(sessionOf(...denied).state).toBe('recording');
    expect(sessionOf(...denied, ...gone(110))).toMatchObject({
      state: 'failed',
      outcome: 'abnormal_exit',
      certainty: 'observed',
    });
    expect(sessionOf(...denied, ...gone(110), ...notFoundAt(231.2)).certainty).toBe('confirmed');
  });

  it('is none of another account: that ends nothing, and is a finding', () => {
    const foreign = exit(100, 0, { appId: 'stranger' });
    const left = aNotice(99, { type: 'recorderLeft', leaveCode: 16 }, { appId: 'stranger' });
    const session = sessionOf(...alive(), left, foreign);
    expect(session.state).toBe('recording');
    expect(codes(session)).toContain('contradiction');
    expect(sessionOf(...alive(), left, foreign, ...gone(110)).outcome).toBe('vanished');
  });

  it('may come through another app of the same account', () => {
    const rules = { ...FOLD_RULES, accountOf: () => 'account' };
    const facts = fold(noFacts(SID), [...alive(), exit(100, 0, { appId: 'sister' })], rules);
    expect(conclude(facts, RULES).session.outcome).toBe('completed');
  });

  it('shows that the clock of its sender is behind, by the smallest difference of several notices', () => {
    const behind = (seconds: number) =>
      aNotice(
        seconds,
        { type: 'uploadProgress', progress: 0.1 },
        { occurredMs: at(seconds - 20), notifiedMs: at(seconds), receivedMs: at(seconds + 0.2) },
      );
    expect(codes(sessionOf(...alive(), behind(60), behind(120)))).not.toContain('clock_skew');
    const session = sessionOf(...alive(), behind(60), behind(120), behind(180));
    expect(session.findings.find(({ code }) => code === 'clock_skew')?.message).toContain('20 s');
  });
});

describe('404s that last, where the exit was lost', () => {
  const causes: [string, RecordingEvent][] = [
    ['it was told to leave', { type: 'recorderLeft', leaveCode: 24 }],
    ['nobody was in the channel', { type: 'recorderLeft', leaveCode: 6 }],
    ['its web recorder stopped', { type: 'webRecorderStopped', code: 0, reason: 'ok', text: null, files: [] }],
    ['everything was uploaded', { type: 'uploaded', status: 0, uploadingStatus: null, files: [] }],
    ['its files went to the cloud backup', { type: 'backedUp', status: 0, uploadingStatus: null, files: [] }],
  ];

  it.each(causes)('mean completed when the cause was reported: %s', (what, event) => {
    const evidence = [...alive(), aNotice(100, event), ...gone(110)];
    const session = sessionOf(...evidence);
    expect(session).toMatchObject({ state: 'ended', outcome: 'completed' });
    expect(codes(session)).toContain('exit_notice_lost');
    const told = explain(factsOf(...evidence), RULES).find(({ fact }) => fact === 'outcome');
    expect(told?.rule).toBe('heard_cause');
    expect(told?.evidence.map((reference) => reference.what)).toEqual(
      expect.arrayContaining([expect.stringContaining(what)]),
    );
  });

  const none: [string, RecordingEvent][] = [
    ['its process was interrupted', { type: 'recorderLeft', leaveCode: 2 }],
    ['it could not be initialised', { type: 'recorderLeft', leaveCode: 0 }],
    ['an upload that failed', { type: 'uploaded', status: 1, uploadingStatus: null, files: [] }],
  ];

  it.each(none)('mean vanished when what was reported is no cause: %s', (_what, event) => {
    expect(sessionOf(...alive(), aNotice(100, event), ...gone(110)).outcome).toBe('vanished');
  });

  it('mean vanished when it was the cause of a recorder that a failover replaced', () => {
    const left = aNotice(100, { type: 'recorderLeft', leaveCode: 16 });
    const moved = aNotice(101, { type: 'failover', newUid: '2' });
    const back = aNotice(150, { type: 'recorderStarted', status: 0 }, { uid: '2' });
    expect(sessionOf(...alive(), left, moved, back, ...gone(300)).outcome).toBe('vanished');
  });

  it('mean vanished when it went on recording for long after what seemed the cause', () => {
    const left = aNotice(100, { type: 'recorderLeft', leaveCode: 16 });
    const later = anObservation(1_000, anAnswer(5));
    expect(sessionOf(...alive(), left, later, ...gone(1_100)).outcome).toBe('vanished');
  });
});

describe('an answer of stop that comes late', () => {
  it('completes the session, and leaves the interval in which it ended as it was', () => {
    const session = sessionOf(...alive(), ...gone(110), aStopAnswer(5_000));
    expect(session).toMatchObject({
      outcome: 'completed',
      endedAt: { notBeforeMs: at(5), notAfterMs: at(110.1), source: 'stop' },
    });
  });
});

describe('what only seems to be at work', () => {
  it('is a recorder that failed to start', () => {
    const failing = aNotice(2, { type: 'recorderStarted', status: 1 });
    expect(sessionOf(aRegistration(), failing).state).toBe('starting');
  });

  it('is a web recorder that says that it exits, at status 4: what event 71 said stands', () => {
    const stopped = aNotice(100, { type: 'webRecorderStopped', code: 0, reason: 'ok', text: null, files: [] });
    const service = { name: 'web_recorder_service', state: 'exit', onHold: false, files: [], outputs: [] };
    const exiting = anObservation(102, anAnswer(4, { services: [service] }));
    expect(sessionOf(...alive(), stopped, exiting).state).toBe('stopping');
  });

  it('is not an unregistered session with nothing but an error: that has been started', () => {
    const error = aNotice(1, { type: 'error', module: 2, level: 5, code: 52, stat: 1, message: 'x' });
    expect(sessionOf(error).state).toBe('starting');
    expect(sessionOf(aRegistration(), error).state).toBe('registered');
  });
});

describe('a failover', () => {
  const moved = aNotice(100, { type: 'failover', newUid: '2' });
  const restarted = aNotice(150, { type: 'recorderStarted', status: 0 }, { uid: '2' });
  const uploaded = (seconds: number, uid: string) =>
    aNotice(seconds, { type: 'uploaded', status: 0, uploadingStatus: null, files: [] }, { uid });
  const backedUp = (seconds: number, uid: string) =>
    aNotice(seconds, { type: 'backedUp', status: 0, uploadingStatus: null, files: [] }, { uid });

  it('does not move the start, though the first recorder’s own start was lost', () => {
    const beat = aNotice(60, { type: 'uploadProgress', progress: 0.1 });
    expect(sessionOf(aRegistration(), beat, moved, restarted).startedAt).toEqual({ atMs: at(60), source: 'notice' });
    expect(sessionOf(...alive(), moved, restarted).startedAt).toEqual({ atMs: at(5), source: 'query' });
  });

  it('has the uploads of both recorders: the worse one counts', () => {
    const state = (...evidence: Evidence[]) => sessionOf(...alive(), moved, restarted, ...evidence).upload.state;
    expect(state(uploaded(90, '1'), backedUp(200, '2'))).toBe('backed_up');
    expect(state(backedUp(90, '1'), uploaded(200, '2'))).toBe('backed_up');
    expect(state(backedUp(90, '1'), uploaded(95, '1'), uploaded(200, '2'))).toBe('uploaded');
    expect(state(uploaded(200, '2'))).toBe('uploaded');
  });
});

it('counts although the clock of its sender was ahead, and its start came late', () => {
  const ahead = { receivedMs: at(3.5), notifiedMs: at(3.5) };
  const left = aNotice(94.4, { type: 'recorderLeft', leaveCode: 16 }, ahead);
  const began = aNotice(94.4, { type: 'recorderStarted', status: 0 }, { receivedMs: at(260), notifiedMs: at(3.4) });
  const gone = notFoundAt(97, 127, 157, 188);
  expect(sessionOf(aRegistration(), left, ...gone, began)).toMatchObject({ outcome: 'completed' });
});
