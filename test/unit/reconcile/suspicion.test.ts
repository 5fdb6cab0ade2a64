import { fileNamed } from '../../../src/agora/read-files.js';
import type { Evidence } from '../../../src/evidence/evidence.js';
import {
  beatDueMs,
  likelySilence,
  missesToSuspect,
  probabilityEnded,
  suspectMs,
  turnMs,
} from '../../../src/reconcile/suspicion.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { anAnswer, aNotice, anObservation, aRegistration, at, NOT_FOUND, RULES, SID } from '../../support/builders.js';

const suspected = (...evidence: Evidence[]) => suspectMs(fold(noFacts(SID), evidence), RULES);
const beat = (seconds: number) => aNotice(seconds, { type: 'uploadProgress', progress: 0.5 });
const alive = anAnswer(5, { files: [fileNamed('a.m3u8')] });

describe('a session', () => {
  it('is suspected when its next heartbeat is five seconds late', () => {
    expect(suspected(aRegistration(), beat(60))).toBe(at(125));
    expect(suspected(aRegistration(), beat(60), beat(120))).toBe(at(185));
  });

  it('is suspected at the next heartbeat after any later sign of life', () => {
    expect(suspected(aRegistration(), beat(60), anObservation(130, alive))).toBe(at(185));
    expect(suspected(aRegistration(), beat(60), anObservation(250, alive))).toBe(at(305));
  });

  it('is suspected before its first heartbeat as well, for a quarter of an hour', () => {
    expect(suspected(aRegistration(), anObservation(5, alive))).toBe(at(70));
    const late = [aRegistration(), anObservation(5, alive), anObservation(1_000, alive)];
    expect(suspected(...late)).toBeNull();
  });

  it('is expected to send a heartbeat, whether a query found it alive meanwhile or not', () => {
    const facts = fold(noFacts(SID), [aRegistration(), beat(60), anObservation(250, alive)]);
    expect(beatDueMs(facts, RULES)).toBe(at(125));
  });

  it('is not suspected where no heartbeat can be missed', () => {
    expect(suspected(aRegistration())).toBeNull();
    expect(suspected(aRegistration(), beat(60), anObservation(90, NOT_FOUND))).toBeNull();
    const rules = { ...RULES, subscribedEvents: [11, 40] };
    expect(suspectMs(fold(noFacts(SID), [beat(60)]), rules)).toBeNull();
  });
});

describe('an end', () => {
  const working = (missRate: number) => ({ worksForMs: Infinity, missRate });

  it('is likelier with every heartbeat that is missing', () => {
    const known = [1, 2, 3].map((misses) => probabilityEnded(misses, misses, 0.05));
    expect(known[0]).toBeLessThan(0.05);
    expect(known[1]).toBeGreaterThan(0.2);
    expect(known[2]).toBeGreaterThan(0.9);
    expect(missesToSuspect(working(0.05))).toBe(2);
  });

  it('takes more missing heartbeats to be likely, the more of all of them are missing', () => {
    expect(missesToSuspect(working(0.01))).toBe(2);
    expect(missesToSuspect(working(0.2))).toBe(3);
    expect(missesToSuspect(working(0.5))).toBeGreaterThan(3);
  });

  it('is not made likely by a channel that is silent altogether', () => {
    expect(missesToSuspect({ worksForMs: 0, missRate: 0.05 })).toBe(Infinity);
    expect(likelySilence({ worksForMs: 0, missRate: 0.05 }, at(0))).toBeNull();
    expect(probabilityEnded(3, 0, 0.05)).toBeLessThan(0.2);
  });

  it('is likely at the first heartbeat that is missing after a long silence of the whole channel', () => {
    expect(probabilityEnded(10, 1, 0.05)).toBeGreaterThan(0.7);
    expect(likelySilence({ worksForMs: 20_000, missRate: 0.05 }, at(1_000))).toEqual({
      silentBeforeMs: at(940),
      lastMissWithinMs: 20_000,
    });
  });

  it('is looked for among younger sessions first while silence proves nothing', () => {
    expect(turnMs(at(1_000), at(990))).toBeLessThan(turnMs(at(1_000), at(0)));
    expect(turnMs(at(270), at(0))).toBe(at(315));
  });

  it('waits for its turn twice as long at four times the age, and never for longer than a quarter of an hour', () => {
    expect(turnMs(at(1_080), at(0))).toBe(at(1_170));
    expect(turnMs(at(200_000), at(0))).toBe(at(200_900));
    expect(turnMs(at(10), at(20))).toBe(at(10));
  });
});
