import { fileNamed } from '../../../src/agora/read-files.js';
import type { Evidence } from '../../../src/evidence/evidence.js';
import { planQuery } from '../../../src/reconcile/plan-query.js';
import type { PlannedQuery } from '../../../src/reconcile/planned-query.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { findEnding } from '../../../src/sessions/verdict/find-ending.js';
import { fold } from '../../../src/sessions/facts/fold.js';
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

function plan(...evidence: Evidence[]): PlannedQuery | null {
  const facts = fold(noFacts(SID), evidence);
  return planQuery(facts, findEnding(facts, RULES), RULES);
}

function due(...evidence: Evidence[]): number {
  return ((plan(...evidence)?.dueMs ?? Number.NaN) - at(0)) / 1000;
}

const exit = (seconds: number) => aNotice(seconds, { type: 'sessionExit', exitStatus: 0 });
const unavailable = (seconds: number, count = 1) =>
  anObservation(seconds, { kind: 'unavailable', reason: 'server' }, { count });

describe('the next query', () => {
  it('comes 5 s after the start, to confirm it', () => {
    expect(plan(aRegistration())).toMatchObject({ dueMs: at(5), queryClass: 'confirm_start' });
  });

  it('is never planned without a registration', () => {
    expect(plan(aNotice(1, { type: 'recorderStarted', status: 0 }))).toBeNull();
  });

  it('repeats at growing distances while the session is starting', () => {
    expect(plan(aRegistration(), anObservation(5, anAnswer(2)))).toMatchObject({
      dueMs: at(10.1),
      queryClass: 'confirm_start',
    });
    expect(due(aRegistration(), anObservation(5, anAnswer(2), { count: 2, lastAnsweredMs: at(11) }))).toBe(21);
  });

  it('is routine, about every two minutes, once the recording was seen at work', () => {
    const seen = anObservation(5, anAnswer(5, { files: [fileNamed('a.m3u8')] }));
    const routine = plan(aRegistration(), seen);
    expect(routine?.queryClass).toBe('routine');
    expect(due(aRegistration(), seen)).toBeGreaterThanOrEqual(5 + 108);
    expect(due(aRegistration(), seen)).toBeLessThanOrEqual(5 + 132);
  });

  it.each([
    [[125], 130, 'recheck'],
    [[125, 130], 140, 'recheck'],
    [[125, 130, 140], 155, 'recheck'],
    [[125, 130, 140, 155], 185, 'recheck'],
    [[125, 130, 140, 155, 185], 215.1, 'confirm_end'],
    [[125, 130, 140, 155, 200], 215.1, 'confirm_end'],
  ])('after 404s at %j comes at %i, aimed at the moment that proves the end: %s', (seconds, next, queryClass) => {
    const alive = anObservation(5, anAnswer(5, { files: [fileNamed('a.m3u8')] }));
    expect(plan(aRegistration(), alive, ...notFoundAt(...seconds))).toMatchObject({
      dueMs: at(next),
      queryClass,
    });
  });

  it.each([
    ['mix', 15],
    ['web', 15],
    ['individual', 60],
    ['raw', 60],
  ] as const)('asks for the file names of mode %s as soon as they can be had, after %i s', (mode, seconds) => {
    const seen = [aRegistration({ mode }), anObservation(5, anAnswer(5))];
    expect(plan(...seen)).toMatchObject({ queryClass: 'file_names', dueMs: at(seconds) });
    const again = anObservation(seconds + 1, anAnswer(5));
    expect(plan(...seen, again)).toMatchObject({
      queryClass: 'file_names',
      dueMs: at(seconds + 60),
    });
    const late = anObservation(seconds + 130, anAnswer(5));
    expect(plan(...seen, late)).toMatchObject({ queryClass: 'routine' });
    const told = aNotice(6, { type: 'fileInfos', files: [fileNamed('a.m3u8')] });
    expect(plan(...seen, told)).toMatchObject({ queryClass: 'routine' });
  });

  it('is aimed at the deadline while a session was never seen', () => {
    expect(plan(aRegistration(), ...notFoundAt(5, 10, 20, 35, 65))).toMatchObject({
      dueMs: at(95.1),
      queryClass: 'confirm_start',
    });
  });

  it('backs off while Agora gives no answer', () => {
    const alive = anObservation(5, anAnswer(5, { files: [fileNamed('a.m3u8')] }));
    expect(due(aRegistration(), alive, unavailable(100))).toBe(105.1);
    const longer = anObservation(100, { kind: 'throttled', retryAfterMs: 60_000 });
    expect(due(aRegistration(), alive, longer)).toBe(160.1);
  });

  it('follows a leave within a second or so', () => {
    const alive = anObservation(5, anAnswer(5, { files: [fileNamed('a.m3u8')] }));
    const left = aNotice(60, { type: 'recorderLeft', leaveCode: 16 });
    expect(plan(aRegistration(), alive, left)).toMatchObject({
      dueMs: at(61.2),
      queryClass: 'trigger',
    });
  });

  it('confirms a reported exit soon, looks once more when no failover explains it, and is over with that', () => {
    const alive = anObservation(5, anAnswer(5, { files: [fileNamed('a.m3u8')] }));
    expect(plan(aRegistration(), alive, exit(60))).toMatchObject({
      dueMs: at(61.2),
      queryClass: 'confirm_report',
    });
    const agreed = [aRegistration(), alive, exit(60), ...notFoundAt(61.2)];
    expect(plan(...agreed)).toMatchObject({ dueMs: at(181.2), queryClass: 'last_look' });
    expect(plan(...agreed, ...notFoundAt(181.2))).toBeNull();
  });

  it('confirms an answered stop, again after a query that got no answer', () => {
    expect(due(aRegistration(), aStopAnswer(60))).toBe(61);
    expect(due(aRegistration(), aStopAnswer(60), unavailable(61))).toBe(66.1);
    expect(plan(aRegistration(), aStopAnswer(60), ...notFoundAt(61))).toBeNull();
  });

  it('looks once more at a vanished session, and at one that never started', () => {
    const alive = anObservation(5, anAnswer(5, { files: [fileNamed('a.m3u8')] }));
    const vanished = [aRegistration(), alive, ...notFoundAt(125, 165, 205, 216)];
    expect(plan(...vanished)).toMatchObject({ queryClass: 'last_look', dueMs: at(246.1) });
    expect(plan(...vanished, ...notFoundAt(247))).toBeNull();
    const failed = [aRegistration(), ...notFoundAt(5, 40, 70, 96)];
    expect(plan(...failed)).toMatchObject({ queryClass: 'last_look' });
    expect(plan(...failed, ...notFoundAt(127))).toBeNull();
  });

  it('is over where the same answer 8, given again and again, is the last look', () => {
    const toldAgain = { lastAskedMs: at(300), lastAnsweredMs: at(300.1), count: 3 };
    expect(plan(aRegistration(), exit(98), anObservation(100, anAnswer(8), toldAgain))).toBeNull();
  });

  it('looks again where a status 8 follows a 404: another recorder must have exited', () => {
    const back = [aRegistration(), exit(60), ...notFoundAt(90), anObservation(200, anAnswer(8))];
    expect(plan(...back)).toMatchObject({ dueMs: at(200.1 + 121), queryClass: 'last_look' });
    expect(plan(...back, ...notFoundAt(322))).toBeNull();
  });

  it('is over after the last look, also where a query was refused since', () => {
    const refused = anObservation(5000, { kind: 'bad_request', code: 2, reason: null });
    expect(plan(aRegistration(), exit(98), ...notFoundAt(100, 230), refused)).toBeNull();
  });

  it('checks an end at once when a sign of life follows it, however many of them come before the answer', () => {
    const dying = [aRegistration(), anObservation(1, anAnswer(20))];
    const life = (seconds: number) => aNotice(seconds, { type: 'recorderStarted', status: 0 });
    expect(plan(...dying, life(3))).toMatchObject({ dueMs: at(6.1), queryClass: 'trigger' });
    expect(due(...dying, life(3), life(7), life(200))).toBe(6.1);
  });

  it('lets a second pass after a stop, whatever was heard long before', () => {
    const failover = aNotice(300, { type: 'failover', newUid: '2' });
    const alive = anObservation(310, anAnswer(5));
    expect(due(aRegistration(), failover, alive, aStopAnswer(1000))).toBe(1001);
  });

  it('spaces queries so that the 404s that are kept span the time they must prove', () => {
    const slow = { ...RULES, goneConfirmMs: 300_000, retryBackoffMs: [2_000] };
    let known = fold(noFacts(SID), [aRegistration(), anObservation(50, anAnswer(5)), ...notFoundAt(100)]);
    for (let asked = 0; asked < 60 && findEnding(known, slow) === null; asked += 1) {
      const dueMs = planQuery(known, findEnding(known, slow), slow)?.dueMs ?? Number.NaN;
      known = fold(known, notFoundAt((dueMs - at(0)) / 1000));
    }
    expect(findEnding(known, slow)).toMatchObject({ outcome: 'vanished' });
  });

  it('never comes within two seconds of the last', () => {
    const alive = anObservation(59.9, anAnswer(5));
    const left = aNotice(60, { type: 'recorderLeft', leaveCode: 16 });
    expect(due(aRegistration(), alive, left)).toBe(61.9);
  });

  it('does not come after the query window', () => {
    const registration = aRegistration({ resourceExpiredHour: 1 });
    expect(plan(registration, anObservation(3590, anAnswer(5)))).toBeNull();
  });

  it.each([
    { kind: 'bad_request', code: 2, reason: null } as const,
    { kind: 'no_route' } as const,
    { kind: 'unauthorized' } as const,
  ])('tries what Agora refuses again, ever more seldom: $kind', (outcome) => {
    const refused = (count: number) =>
      plan(aRegistration(), anObservation(5, outcome, { count, lastAnsweredMs: at(10) }));
    const waits = [1, 2, 3, 4, 5].map((count) => ((refused(count)?.dueMs ?? 0) - at(10)) / 60_000);
    expect(waits).toEqual([1, 5, 15, 60, 60]);
  });

  it('asks at once about a refused session when a notification tells that it ended', () => {
    const refused = anObservation(5, { kind: 'bad_request', code: 2, reason: null });
    expect(plan(aRegistration(), refused, exit(60))).toMatchObject({ dueMs: at(61.2), queryClass: 'trigger' });
  });
});
