import fc from 'fast-check';
import type { Evidence } from '../../../src/evidence/evidence.js';
import type { FoldRules } from '../../../src/sessions/facts/bounds.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { noFacts, type SessionFacts } from '../../../src/sessions/facts/facts.js';
import { findGaps } from '../../../src/sessions/verdict/gaps.js';
import { findEnding } from '../../../src/sessions/verdict/find-ending.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { withProof } from '../../../src/sessions/verdict/with-proof.js';
import {
  anAnswer,
  aNotice,
  anObservation,
  aRegistration,
  FOLD_RULES,
  NOT_FOUND,
  RULES,
  SID,
} from '../../support/builders.js';

const UNBOUNDED: FoldRules = {
  ...FOLD_RULES,
  bounds: { ends: Infinity, notFound: Infinity, ranges: Infinity, texts: Infinity },
};
/** So little that everything that can be left out is. */
const NARROW: FoldRules = { ...FOLD_RULES, bounds: { ends: 4, notFound: 6, ranges: 4, texts: 2 } };

/** No query is asked so soon after another that the 404s that are kept could not span what is to be proven. */
const step = fc.record({
  seconds: fc.constantFrom(20, 25, 30, 60, 95, 200),
  what: fc.constantFrom('404', '404', '404', '404', '404', '404', '404', '404', 'beat', 'silence', '400'),
  sequence: fc.nat(400),
});

type Step = { seconds: number; what: string; sequence: number };

/** Many 404s, now and then a sign of life, as they would be stored one after another. */
function livedThrough(steps: readonly Step[], rules: FoldRules): Evidence[] {
  const evidence: Evidence[] = [aRegistration(), anObservation(1, anAnswer(5))];
  let facts = fold(noFacts(SID), evidence, rules);
  let now = 10;
  for (const { seconds, what, sequence } of steps) {
    now += seconds;
    const piece = pieceOf(now, what, sequence, facts);
    evidence.push(piece);
    facts = fold(facts, [piece], rules);
  }
  return evidence;
}

function pieceOf(now: number, what: string, sequence: number, facts: SessionFacts): Evidence {
  switch (what) {
    case '404':
      return withProof(anObservation(now, NOT_FOUND), facts, RULES);
    case 'beat':
      return aNotice(now, { type: 'uploadProgress', progress: 0.5 }, { sequence });
    case '400':
      return anObservation(now, { kind: 'bad_request', code: 2, reason: `trace ${String(now)}` });
    default:
      return anObservation(now, { kind: 'unavailable', reason: 'server' });
  }
}

it('a verdict is the same, however little is kept of what goes on for ever', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
      const [all, some] = [UNBOUNDED, NARROW].map(
        (rules) => conclude(fold(noFacts(SID), livedThrough(steps, rules), rules), RULES).session,
      );
      const verdict = (session: typeof all) => [session?.state, session?.outcome, session?.certainty];
      expect(verdict(some)).toEqual(verdict(all));
    }),
    { numRuns: 1_000 },
  );
});

const notices = (numbers: readonly number[]) =>
  numbers.map((sequence, n) => aNotice(n, { type: 'uploadProgress', progress: 0.5 }, { sequence }));

it('as many numbers are missing, and as many runs of them, however few gaps are kept one by one', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300), { minLength: 1, maxLength: 120 }), (numbers) => {
      const rising = numbers.toSorted((a, b) => a - b);
      const totals = [UNBOUNDED, NARROW].map((rules) => {
        const facts = fold(noFacts(SID), notices(rising), rules);
        const gaps = findGaps({ ...facts, knownUntilMs: facts.knownUntilMs }, null, { ...RULES, reorderGraceMs: 0 });
        return [gaps.reduce((sum, { runs }) => sum + runs, 0), gaps.reduce((sum, { missing }) => sum + missing, 0)];
      });
      expect(totals[1]).toEqual(totals[0]);
    }),
    { numRuns: 500 },
  );
});

/** Facts are a row, read and written with every notice; a session is copied into every version. */
const LARGEST_FACTS = 100_000;
const LARGEST_SESSION = 10_000;

it.each([
  [1_000_000, 'every number', (n: number) => n, (_n: number) => 1],
  [100_000, 'every other number', (n: number) => 2 * n, (_n: number) => 1],
  [100_000, 'two modules in turn', (n: number) => n, (n: number) => 1 + (n % 2)],
])('a session of %i notices stays small: %s', (COUNT, _name, sequenceOf, moduleOf) => {
  const BATCH = 10_000;
  let facts = fold(noFacts(SID), [aRegistration()], FOLD_RULES);
  for (let from = 0; from < COUNT; from += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, k) => {
      const n = from + k;
      return aNotice(
        n / 10,
        { type: 'uploadProgress', progress: 0.5 },
        { sequence: sequenceOf(n), serviceType: moduleOf(n) },
      );
    });
    facts = fold(facts, batch, FOLD_RULES);
  }
  const session = conclude(facts, RULES).session;
  expect(session.notices.events).toBe(COUNT);
  expect(findEnding(facts, RULES)).toBeNull();
  const missing = sequenceOf(COUNT - 1) + 1 - COUNT;
  // The youngest may still be merely late: a notice comes every tenth of a second.
  const merelyLate = RULES.reorderGraceMs / 100;
  expect(session.gaps.open).toBe(missing === 0 ? 0 : COUNT - 1 - merelyLate);
  expect(JSON.stringify(facts).length).toBeLessThan(LARGEST_FACTS);
  expect(JSON.stringify(session).length).toBeLessThan(LARGEST_SESSION);
});
