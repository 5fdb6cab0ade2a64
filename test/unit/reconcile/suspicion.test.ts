import { fileNamed } from '../../../src/agora/read-files.js';
import type { Evidence } from '../../../src/evidence/evidence.js';
import { chooseQueries, type Candidate } from '../../../src/reconcile/choose-queries.js';
import { priorityOf } from '../../../src/reconcile/query-class.js';
import { missesToSuspect, probabilityEnded, suspectMs } from '../../../src/reconcile/suspicion.js';
import { noFacts } from '../../../src/sessions/facts.js';
import { fold } from '../../../src/sessions/fold.js';
import {
  anAnswer,
  aNotice,
  anObservation,
  aRegistration,
  at,
  NOT_FOUND,
  RULES,
  SID,
} from '../../support/builders.js';

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

  it('is not suspected where no heartbeat can be missed', () => {
    expect(suspected(aRegistration())).toBeNull();
    expect(suspected(aRegistration(), anObservation(5, alive))).toBeNull();
    expect(suspected(aRegistration(), beat(60), anObservation(90, NOT_FOUND))).toBeNull();
    const rules = { ...RULES, subscribedEvents: [11, 40] };
    expect(suspectMs(fold(noFacts(SID), [beat(60)]), rules)).toBeNull();
  });
});

describe('an end', () => {
  it('is likelier with every heartbeat that is missing', () => {
    const known = [1, 2, 3].map((misses) => probabilityEnded(misses, 0.05));
    expect(known[0]).toBeLessThan(0.05);
    expect(known[1]).toBeGreaterThan(0.2);
    expect(known[2]).toBeGreaterThan(0.9);
    expect(missesToSuspect(0.05)).toBe(2);
  });

  it('takes more missing heartbeats to be likely, the more of all of them are missing', () => {
    expect(missesToSuspect(0.01)).toBe(2);
    expect(missesToSuspect(0.2)).toBe(3);
    expect(missesToSuspect(0.5)).toBeGreaterThan(3);
  });

  it('is not made likely by a channel that is silent altogether', () => {
    expect(missesToSuspect(0.95)).toBe(Infinity);
    expect(probabilityEnded(3, 1)).toBeLessThan(0.2);
  });
});

describe('choosing', () => {
  const due = (sid: string, queryClass: Parameters<typeof priorityOf>[0], seconds: number): Candidate => ({ sid, priority: priorityOf(queryClass), sinceMs: at(seconds) }); // prettier-ignore
  const waiting = (sid: string, seconds: number) => ({ sid, sinceMs: at(seconds) });
  const none = { due: [], suspects: [], oldest: [] };
  const NOW = at(600);

  it('goes by class and then by waiting, and asks nobody twice', () => {
    const heads = {
      ...none,
      due: [due('r', 'routine', 0), due('e2', 'confirm_end', 20), due('e1', 'confirm_end', 10), due('x', 'confirm_exit', 0)], // prettier-ignore
      suspects: [waiting('r', 590)],
    };
    const sids = chooseQueries(heads, 9, 0, 0.05, NOW).map(({ sid }) => sid);
    expect(sids).toEqual(['e1', 'e2', 'r', 'x']);
  });

  it('puts a likely end among the signals, and one missing heartbeat before routine only', () => {
    const heads = {
      ...none,
      due: [due('signal', 'signal', 599), due('exit', 'confirm_exit', 0)],
      suspects: [waiting('long', 500), waiting('short', 590)],
    };
    const sids = (missRate: number) => chooseQueries(heads, 9, 0, missRate, NOW).map(({ sid }) => sid); // prettier-ignore
    expect(sids(0.05)).toEqual(['long', 'signal', 'short', 'exit']);
    expect(sids(1)).toEqual(['signal', 'long', 'short', 'exit']);
  });

  it('always leaves their share to those not asked for longest, whatever is urgent', () => {
    const heads = {
      ...none,
      due: Array.from({ length: 20 }, (_, n) => due(`e${String(n)}`, 'confirm_end', n)),
      oldest: [waiting('o1', 0), waiting('o2', 1), waiting('o3', 2)],
    };
    const sids = chooseQueries(heads, 10, 3, 0.05, NOW).map(({ sid }) => sid);
    expect(sids).toHaveLength(10);
    expect(sids).toEqual(expect.arrayContaining(['o1', 'o2', 'o3', 'e0', 'e6']));
  });
});
