import type { Evidence } from '../../../src/evidence/evidence.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import type { Session } from '../../../src/sessions/verdict/session.js';
import {
  anAnswer,
  aNotice,
  anObservation,
  aRegistration,
  aStopAnswer,
  at,
  notFoundAt,
  RULES,
  SID,
} from '../../support/builders.js';

function sessionOf(...evidence: Evidence[]): Session {
  return conclude(fold(noFacts(SID), evidence), RULES).session;
}

const started = () => aNotice(1, { type: 'recorderStarted', status: 0 });
const exit = (seconds: number, exitStatus: number | null = 0, uid = '1') =>
  aNotice(seconds, { type: 'sessionExit', exitStatus }, { uid });
const failover = (seconds: number, newUid: string) => aNotice(seconds, { type: 'failover', newUid });
const heartbeat = (seconds: number, uid = '1') => aNotice(seconds, { type: 'uploadProgress', progress: 0.5 }, { uid });
const codes = (session: Session) => session.findings.map(({ code }) => code);

describe('a session that lives', () => {
  it('is registered while nothing has shown it alive', () => {
    expect(sessionOf(aRegistration())).toMatchObject({
      state: 'registered',
      outcome: null,
      startedAt: { atMs: at(0), source: 'registration' },
    });
  });

  it('is starting while only its uploader was heard', () => {
    const uploader = aNotice(1, { type: 'uploaderStarted', status: 0 });
    expect(sessionOf(aRegistration(), uploader)).toMatchObject({
      state: 'starting',
      certainty: 'reported',
      startedAt: { atMs: at(1), source: 'notice' },
    });
  });

  it.each([0, 1, 2, 3])('is starting while a query answers status %i', (status) => {
    const session = sessionOf(aRegistration(), anObservation(5, anAnswer(status)));
    expect(session).toMatchObject({ state: 'starting', certainty: 'observed' });
  });

  it.each([4, 5])('is recording once a query answers status %i', (status) => {
    const session = sessionOf(aRegistration(), anObservation(5, anAnswer(status)));
    expect(session).toMatchObject({ state: 'recording', certainty: 'observed', serviceStatus: status });
  });

  it('is confirmed when a notification and a query say the same', () => {
    const session = sessionOf(aRegistration(), started(), anObservation(5, anAnswer(5)));
    expect(session).toMatchObject({ state: 'recording', certainty: 'confirmed' });
  });

  it('is stopping once its recorder has left', () => {
    const left = aNotice(60, { type: 'recorderLeft', leaveCode: 16 });
    expect(sessionOf(started(), left).state).toBe('stopping');
  });

  it('is recording again when a query asked later finds it at work', () => {
    const left = aNotice(60, { type: 'recorderLeft', leaveCode: 16 });
    expect(sessionOf(started(), left, anObservation(70, anAnswer(5))).state).toBe('recording');
  });

  it('stays stopping when a stream change trails in after the leave', () => {
    const left = aNotice(60, { type: 'recorderLeft', leaveCode: 16 });
    const trailing = aNotice(61, {
      type: 'streamChanged',
      media: 'video',
      streamUid: '7',
      receiving: false,
      atMs: at(61),
    });
    expect(sessionOf(started(), left, trailing).state).toBe('stopping');
  });
});

describe('a session that ends', () => {
  it('is completed by its exit, and only reported while no query has confirmed it', () => {
    expect(sessionOf(aRegistration(), started(), exit(600))).toMatchObject({
      state: 'ended',
      outcome: 'completed',
      certainty: 'reported',
      endedAt: { atMs: at(600), source: 'notice' },
    });
  });

  it('stays reported while a failover could explain a 404 after its exit, and is confirmed by a later one', () => {
    const reported = [aRegistration(), started(), exit(600)];
    expect(sessionOf(...reported, ...notFoundAt(602, 720)).certainty).toBe('reported');
    expect(sessionOf(...reported, ...notFoundAt(602, 720.3)).certainty).toBe('confirmed');
    expect(sessionOf(...reported, anObservation(721, anAnswer(8))).certainty).toBe('confirmed');
  });

  it('is confirmed by any query that agrees once Agora has answered the stop', () => {
    const stopped = [aRegistration(), started(), aStopAnswer(300)];
    expect(sessionOf(...stopped).certainty).toBe('reported');
    expect(sessionOf(...stopped, ...notFoundAt(302)).certainty).toBe('confirmed');
  });

  it('has failed when its exit carries another status', () => {
    expect(sessionOf(started(), exit(600, 1))).toMatchObject({
      state: 'failed',
      outcome: 'abnormal_exit',
    });
  });

  it('has ended even when its exit carries no status', () => {
    expect(sessionOf(started(), exit(600, null))).toMatchObject({ state: 'ended', outcome: 'completed' });
  });

  it('keeps the first exit when two arrive', () => {
    expect(sessionOf(started(), exit(700), exit(600)).endedAt?.atMs).toBe(at(600));
  });

  it.each([
    [8, 'ended', 'completed'],
    [20, 'failed', 'abnormal_exit'],
  ] as const)('is over when a query answers status %i', (status, state, outcome) => {
    const session = sessionOf(aRegistration(), anObservation(5, anAnswer(5)), anObservation(100, anAnswer(status)));
    expect(session).toMatchObject({
      state,
      outcome,
      certainty: 'observed',
      endedAt: { atMs: null, notBeforeMs: at(5), notAfterMs: at(100.1), source: 'query' },
    });
  });

  it('is completed by the answer of stop', () => {
    expect(sessionOf(aRegistration(), started(), aStopAnswer(300))).toMatchObject({
      state: 'ended',
      outcome: 'completed',
      endedAt: { source: 'stop', notAfterMs: at(300) },
    });
  });

  it('is not ended by a stop that was refused', () => {
    const refused = aStopAnswer(300, { stopped: false, code: 404 });
    expect(sessionOf(aRegistration(), started(), refused).state).toBe('recording');
  });

  it('is completed, not vanished, when it was stopped and a query still saw it before it went', () => {
    const session = sessionOf(
      aRegistration(),
      aStopAnswer(300),
      anObservation(301, anAnswer(5)),
      ...notFoundAt(310, 330, 380, 401),
    );
    expect(session).toMatchObject({ state: 'ended', outcome: 'completed' });
  });

  it('is not reopened by events that usually come late', () => {
    const late = aNotice(900, { type: 'uploaded', status: 0, uploadingStatus: null, files: [] });
    const transcoded = aNotice(90_000, { type: 'transcodeFinished', result: 'ok', files: [] });
    const session = sessionOf(aRegistration(), started(), exit(600), late, transcoded);
    expect(session).toMatchObject({ state: 'ended', upload: { state: 'uploaded' } });
    expect(codes(session)).not.toContain('reopened');
  });

  it('is not reopened by a notification that claims life after the exit', () => {
    expect(sessionOf(aRegistration(), started(), exit(600), heartbeat(660)).state).toBe('ended');
  });

  it('is reopened by a query asked after the exit that finds it alive, and says so', () => {
    const session = sessionOf(aRegistration(), started(), exit(600), anObservation(601, anAnswer(5)));
    expect(session.state).toBe('recording');
    expect(codes(session)).toContain('reopened');
  });

  it('stays ended when the query that found it alive was asked before the exit', () => {
    const crossing = anObservation(599.95, anAnswer(5));
    expect(sessionOf(aRegistration(), started(), exit(600), crossing).state).toBe('ended');
  });
});

describe('404s', () => {
  const alive = () => [aRegistration(), anObservation(5, anAnswer(5))];

  it('never end a session that was alive before they have lasted long enough', () => {
    expect(sessionOf(...alive(), ...notFoundAt(125)).state).toBe('recording');
    expect(sessionOf(...alive(), ...notFoundAt(125, 130, 140, 155, 185, 215)).state).toBe('recording');
  });

  it('that have lasted long enough mean vanished, between the last life and the first of them', () => {
    const session = sessionOf(...alive(), ...notFoundAt(125, 130, 140, 155, 185, 215.1));
    expect(session).toMatchObject({
      state: 'ended',
      outcome: 'vanished',
      certainty: 'observed',
      endedAt: { atMs: null, notBeforeMs: at(5), notAfterMs: at(125.1), source: 'query' },
    });
    expect(codes(session)).toContain('exit_notice_lost');
  });

  it('prove no loss of the exit notification where the console does not subscribe to it', () => {
    const facts = fold(noFacts(SID), [...alive(), ...notFoundAt(125, 170, 216)]);
    const session = conclude(facts, { ...RULES, subscribedEvents: [40, 41] }).session;
    expect(codes(session)).not.toContain('exit_notice_lost');
  });

  it('begin anew after any sign of life between them', () => {
    const session = sessionOf(...alive(), ...notFoundAt(125, 155), heartbeat(160), ...notFoundAt(185, 230));
    expect(session.state).toBe('recording');
  });

  it('begin anew after a failover was reported', () => {
    const session = sessionOf(...alive(), failover(130, '2'), ...notFoundAt(125, 140, 180, 216));
    expect(session.state).toBe('recording');
  });

  it('do not end anything after the query window', () => {
    const registration = aRegistration({ resourceExpiredHour: 1 });
    const session = sessionOf(registration, anObservation(5, anAnswer(5)), ...notFoundAt(3601, 3650, 3700));
    expect(session.state).toBe('recording');
  });

  it('with other failures between them still count, and those failures never do', () => {
    const failures = [
      anObservation(130, { kind: 'unavailable', reason: 'timeout' }),
      anObservation(140, { kind: 'throttled', retryAfterMs: null }),
      anObservation(150, { kind: 'unauthorized' }),
      anObservation(160, { kind: 'incomplete' }),
      anObservation(170, { kind: 'no_route' }),
      anObservation(400, { kind: 'bad_request', code: 2, reason: null }),
    ];
    expect(sessionOf(...alive(), ...failures).state).toBe('recording');
    expect(sessionOf(...alive(), ...failures, ...notFoundAt(125, 170, 216)).outcome).toBe('vanished');
  });

  it('are revoked by a newer sign of life, which leaves a finding', () => {
    const session = sessionOf(...alive(), ...notFoundAt(125, 170, 216), heartbeat(220));
    expect(session.state).toBe('recording');
    expect(codes(session)).toContain('reopened');
  });

  it('are not revoked by an earlier sign of life that arrives late', () => {
    const late = aNotice(60, { type: 'uploadProgress', progress: 0.1 }, { receivedMs: at(230) });
    const session = sessionOf(...alive(), ...notFoundAt(125, 170, 216), late);
    expect(session).toMatchObject({ outcome: 'vanished', endedAt: { notBeforeMs: at(60) } });
  });
});

describe('a session that never starts', () => {
  it('has failed once 404s reach past the deadline and nothing was ever seen', () => {
    const session = sessionOf(aRegistration(), ...notFoundAt(5, 10, 20, 35, 65, 95.1));
    expect(session).toMatchObject({
      state: 'failed',
      outcome: 'never_started',
      certainty: 'observed',
    });
  });

  it('is still registered before the deadline', () => {
    expect(sessionOf(aRegistration(), ...notFoundAt(5, 10, 20, 35, 65)).state).toBe('registered');
  });

  it('is not given up on a single 404 when it was registered long after its start', () => {
    const late = aRegistration({ receivedMs: at(3600) });
    expect(sessionOf(late, ...notFoundAt(3605)).state).toBe('registered');
    expect(sessionOf(late, ...notFoundAt(3605, 3650, 3695.1)).outcome).toBe('never_started');
  });

  it('vanished instead when it was seen alive for a moment', () => {
    const session = sessionOf(aRegistration(), anObservation(5, anAnswer(4)), ...notFoundAt(10, 50, 100.1));
    expect(session.outcome).toBe('vanished');
  });
});

describe('a failover', () => {
  it('gives the order of recorders, also where the clock of the new one is behind', () => {
    const announced = aNotice(700, { type: 'failover', newUid: '3' }, { uid: '2' });
    const session = sessionOf(aRegistration(), started(), announced, heartbeat(660, '3'), exit(900, 0, '3'));
    expect(session).toMatchObject({ state: 'ended', outcome: 'completed', endedAt: { source: 'notice' } });
  });

  it('goes on under the new uid, and the replaced recorder ends nothing by its exit', () => {
    const session = sessionOf(aRegistration(), started(), failover(100, '2'), exit(101, 1, '1'), heartbeat(180, '2'));
    expect(session).toMatchObject({ state: 'recording', recorderUids: ['1', '2'] });
    expect(codes(session)).toEqual(expect.arrayContaining(['failover', 'replaced_recorder_exit']));
  });

  it('is recognised by the new recorder itself when its own notification was lost', () => {
    const session = sessionOf(aRegistration(), started(), heartbeat(180, '2'), exit(101, 1, '1'));
    expect(session.state).toBe('recording');
  });

  it('ends with the exit of the recorder that took over', () => {
    const session = sessionOf(aRegistration(), started(), failover(100, '2'), exit(600, 0, '2'));
    expect(session).toMatchObject({ state: 'ended', endedAt: { atMs: at(600) } });
  });

  it('is not read into what another uid says after the end', () => {
    const transcoder = aNotice(4000, { type: 'transcoderStarted' }, { uid: '77' });
    expect(sessionOf(aRegistration(), started(), exit(600), transcoder).state).toBe('ended');
  });
});

describe('what is counted', () => {
  it('counts events, deliveries and duplicates apart', () => {
    const repeat = {
      kind: 'repeated_delivery',
      sid: SID,
      eventKey: 'x',
      receivedMs: at(3),
    } as const;
    expect(sessionOf(started(), heartbeat(2), repeat).notices).toMatchObject({
      events: 2,
      deliveries: 3,
      duplicates: 1,
      outOfOrder: 0,
      lastMs: at(3),
    });
  });

  it('counts a notice as out of order when a later happening was received before it', () => {
    const late = aNotice(2, { type: 'uploadProgress', progress: 0 }, { receivedMs: at(70) });
    expect(sessionOf(started(), heartbeat(60), late).notices.outOfOrder).toBe(1);
  });
});
