import { isDeepStrictEqual } from 'node:util';
import type { Evidence } from '../../../../src/evidence/evidence.js';
import { conclude } from '../../../../src/sessions/views/conclude.js';
import { noFacts } from '../../../../src/sessions/facts/facts.js';
import { fold } from '../../../../src/sessions/facts/fold.js';
import { buildTimeline } from '../../../../src/sessions/views/timeline.js';
import { createRandom } from '../../../../src/simulator/random.js';
import { FOLD_RULES, RULES } from '../../builders.js';
import type { JudgedLife } from '../judged.js';

/** Rule 3: the same evidence in any order gives the same ledger, but for what counts arrivals. */
export function orderDoesNotMatter({ truth, evidence, final, world }: JudgedLife): string[] {
  const order = createRandom(world.seed, 'order');
  const shuffled = evidence
    .map((piece) => ({ piece, rank: order.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ piece }) => piece);
  return [[...evidence].reverse(), shuffled].flatMap((another) => {
    const folded = conclude(fold(noFacts(truth.sid), another, FOLD_RULES), RULES).session;
    const { notices, gaps, findings } = final;
    const same = isDeepStrictEqual({ ...folded, notices, gaps, findings }, final);
    return same ? [] : [`${final.state}, but ${folded.state} in another order`];
  });
}

/** Rule 5: folding all the evidence from nothing gives the very facts that stand. */
export function restsOnEvidence({ truth, evidence, versions }: JudgedLife): string[] {
  const same = isDeepStrictEqual(fold(noFacts(truth.sid), evidence, FOLD_RULES), versions.at(-1)?.facts);
  return same ? [] : ['folding anew gives other facts'];
}

/** Rule 6: every piece of evidence is found in the timeline, with its source. */
export function everythingIsKept({ evidence, final, reading }: JudgedLife): string[] {
  const timeline = buildTimeline(evidence);
  const count = (kind: Evidence['kind']): number => evidence.filter((piece) => piece.kind === kind).length;
  const of = (source: string): number => timeline.filter((entry) => entry.source === source).length;
  const { events, duplicates } = final.notices;
  const lost = [
    ['notices', of('notice') === count('notice')],
    ['registrations', of('registration') === count('registration')],
    ['stop answers', of('stop') === count('stop_answer')],
    ['queries', of('query') >= Math.min(count('observation'), 1)],
    ['counted events', events >= reading.notices.length && events <= count('notice')],
    ['counted duplicates', duplicates === count('repeated_delivery')],
  ] as const;
  return lost.filter(([, kept]) => !kept).map(([what]) => `${what} are not all there`);
}
