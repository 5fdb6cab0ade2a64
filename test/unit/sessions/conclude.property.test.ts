import fc from 'fast-check';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { findEnding } from '../../../src/sessions/verdict/find-ending.js';
import { findGaps, lateGaps } from '../../../src/sessions/verdict/gaps.js';
import { nextAlarm } from '../../../src/sessions/verdict/next-alarm.js';
import { isTerminal } from '../../../src/sessions/verdict/session.js';
import { conclude, concludeGaps } from '../../../src/sessions/views/conclude.js';
import { evidenceOfSession } from '../../support/arbitraries.js';
import { RULES, SID } from '../../support/builders.js';

describe('a conclusion', () => {
  it('is one: its session, its ending, its gaps and its alarm are those of the same facts', () => {
    fc.assert(
      fc.property(evidenceOfSession, (evidence) => {
        const facts = fold(noFacts(SID), evidence);
        const { session, ending, gaps, alarmMs } = conclude(facts, RULES);
        expect(ending).toEqual(findEnding(facts, RULES));
        expect(alarmMs).toBe(nextAlarm(facts, ending, RULES));
        const [missing, late] = [findGaps(facts, ending, RULES), lateGaps(facts, RULES)];
        expect(gaps).toHaveLength(missing.length + late.length);
        expect(gaps).toEqual(expect.arrayContaining([...missing, ...late]));
        expect(concludeGaps(facts, RULES)).toEqual(gaps);
        expect(isTerminal(session.state)).toBe(ending !== null);
        expect([session.outcome, session.endedAt]).toEqual([ending?.outcome ?? null, ending?.endedAt ?? null]);
      }),
      { numRuns: 300 },
    );
  });

  it('counts each gap once: as open, or as settled by what settled it', () => {
    fc.assert(
      fc.property(evidenceOfSession, (evidence) => {
        const { session, gaps } = conclude(fold(noFacts(SID), evidence), RULES);
        const runs = gaps.reduce((sum, gap) => sum + gap.runs, 0);
        const { open, settled, settledByNotice, settledByQuery } = session.gaps;
        expect(open + settled).toBe(runs);
        expect(settledByNotice + settledByQuery).toBe(settled);
      }),
      { numRuns: 300 },
    );
  });
});
