import type { Evidence } from '../../../src/evidence/evidence.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { inferences } from '../../../src/sessions/views/inferences.js';
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

const sessionOf = (...evidence: Evidence[]): Session => conclude(fold(noFacts(SID), evidence), RULES).session;
const alive = () => [aRegistration(), anObservation(5, anAnswer(5))];
const slow404 = (seconds: number, tookSeconds: number) =>
  anObservation(seconds, NOT_FOUND, {
    answeredMs: at(seconds + tookSeconds),
    lastAnsweredMs: at(seconds + tookSeconds),
  });
const beat = (seconds: number, told = {}) => aNotice(seconds, { type: 'uploadProgress', progress: 0.5 }, told);

describe('an end that a query answered before life was heard', () => {
  it('is confirmed only by a look that comes late enough after all of the interval in which it lies', () => {
    const left = aNotice(59, { type: 'recorderLeft', leaveCode: 16 });
    const dying = [...alive(), anObservation(10, anAnswer(8)), left, beat(60)];
    const gone = [...dying, ...notFoundAt(96, 174, 223)];
    const notAfterMs = sessionOf(...gone).endedAt?.notAfterMs ?? Number.NaN;
    expect(sessionOf(...gone).certainty).toBe('observed');
    const lateEnough = (notAfterMs - at(0)) / 1000 + 121;
    expect(sessionOf(...gone, ...notFoundAt(lateEnough - 2)).certainty).toBe('observed');
    expect(sessionOf(...gone, ...notFoundAt(lateEnough)).certainty).toBe('confirmed');
  });
});

describe('404s last', () => {
  it('by one clock alone: where it was stepped between two of them, they begin anew', () => {
    const before = notFoundAt(100, 101);
    const stepped = notFoundAt(150, 180, 191.2, 240).map((missed) => ({ ...missed, clockEra: 1 }));
    expect(sessionOf(...alive(), ...before, ...stepped.slice(0, 3)).state).toBe('recording');
    expect(sessionOf(...alive(), ...before, ...stepped).state).toBe('recording');
    const proving = notFoundAt(240.2).map((missed) => ({ ...missed, clockEra: 1 }));
    expect(sessionOf(...alive(), ...before, ...stepped, ...proving).outcome).toBe('vanished');
  });

  it('by one clock alone, also where it was put back, and later ones seem to come first', () => {
    const before = notFoundAt(200);
    const putBack = notFoundAt(101, 104, 107).map((missed) => ({ ...missed, clockEra: 1 }));
    expect(sessionOf(...alive(), ...before, ...putBack).state).toBe('recording');
  });

  it('from the answer of the first to the asking of the last', () => {
    expect(sessionOf(...alive(), slow404(100, 9), ...notFoundAt(150, 198.9)).state).toBe('recording');
    expect(sessionOf(...alive(), slow404(100, 9), ...notFoundAt(150, 199)).outcome).toBe('vanished');
    expect(sessionOf(...alive(), ...notFoundAt(100, 150), slow404(189, 9)).state).toBe('recording');
  });

  it('and are three at least: two are moments, whatever lies between them', () => {
    const silence = [110, 130, 150, 170].map((second) =>
      anObservation(second, { kind: 'unavailable', reason: 'server' }),
    );
    expect(sessionOf(...alive(), ...notFoundAt(100), ...silence, ...notFoundAt(190.1)).state).toBe('recording');
  });

  it('and begin anew after a silence longer than they must last', () => {
    const broken = [...alive(), ...notFoundAt(100, 150, 240.2)];
    expect(sessionOf(...broken).state).toBe('recording');
    expect(sessionOf(...broken, ...notFoundAt(290)).state).toBe('recording');
    expect(sessionOf(...broken, ...notFoundAt(290, 331)).outcome).toBe('vanished');
  });

  it('and an isolated one long before does not date the end', () => {
    const session = sessionOf(...alive(), ...notFoundAt(100, 500, 540, 590.2));
    expect(session.endedAt).toMatchObject({ notBeforeMs: at(5), notAfterMs: at(500.1) });
  });

  it('and where they are far apart, a short unseen life may lie between them', () => {
    const session = sessionOf(...alive(), ...notFoundAt(100, 180, 200, 230));
    expect(session).toMatchObject({ outcome: 'vanished' });
    expect(session.endedAt?.notAfterMs).toBe(at(180.1));
  });

  it('and prove nothing once the query window is over, from the earliest sign of life on', () => {
    const late = aRegistration({ startedMs: null, resourceExpiredHour: 1, receivedMs: at(1_800) });
    const misses = notFoundAt(3_650, 3_700, 3_750);
    expect(sessionOf(late, beat(60), beat(3_000), ...misses).state).toBe('starting');
    expect(sessionOf(late, beat(1_700), beat(3_000), ...misses).outcome).toBe('vanished');
  });

  it('and a start that is registered for the future counts from when it was registered, and is told', () => {
    const early = aRegistration({ startedMs: at(86_400), resourceExpiredHour: 1, receivedMs: at(0) });
    const session = sessionOf(early, ...notFoundAt(3_650, 3_700, 3_750));
    expect(session.state).toBe('registered');
    expect(session.findings.map(({ code }) => code)).toContain('started_in_future');
  });

  it('and a clock from another century does not close the window', () => {
    const session = sessionOf(
      aRegistration(),
      beat(60, { occurredMs: 1_000_000_000_000, receivedMs: at(60) }),
      ...notFoundAt(100, 150, 200),
    );
    expect(session.outcome).toBe('vanished');
  });

  it('and what was asked under a registration that was corrected since does not count', () => {
    const corrected = aRegistration({ resourceId: 'right', receivedMs: at(300), replaces: true });
    const before = [aRegistration(), ...notFoundAt(100, 150, 200)];
    expect(sessionOf(...before).outcome).toBe('never_started');
    expect(sessionOf(...before, corrected).state).toBe('registered');
    expect(sessionOf(...before, corrected, ...notFoundAt(310, 350, 401)).outcome).toBe('never_started');
  });

  it('and are shown in the timeline as what the ledger concluded from them', () => {
    const kinds = (...evidence: Evidence[]) =>
      inferences(fold(noFacts(SID), evidence), RULES).map(({ atMs, source, kind }) => [atMs, source, kind]);
    expect(kinds(...alive(), ...notFoundAt(100, 150))).toEqual([]);
    expect(kinds(...alive(), ...notFoundAt(100, 150, 191))).toEqual([[at(191), 'inference', 'gone']]);
    expect(kinds(aRegistration(), ...notFoundAt(5, 50, 96))).toEqual([[at(96), 'inference', 'never_started']]);
    const denied = [...alive(), ...notFoundAt(100, 150, 191), beat(200)];
    expect(kinds(...denied)).toEqual([[at(200), 'inference', 'reopened']]);
  });
});
