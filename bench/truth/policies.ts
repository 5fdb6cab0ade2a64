import { planQuery } from '../../src/reconcile/plan-query.js';
import { currentRun } from '../../src/sessions/verdict/absence.js';
import { createHeap } from './heap.js';
import { ours } from './our-policy.js';
import { front, isLive, type Planned, type Policy, type PolicyMaker } from './policy.js';
import { RULES, secondOf, type Known } from './virtual-ledger.js';

/**
 * Every session is asked about anew after `waitFor`, the longest due first; a 404 is followed up at the
 * distances that Agora advises, until it is proven or contradicted.
 */
function polling(waitFor: (known: Known, at: number) => number): Policy {
  const confirming = createHeap<Planned>();
  const turns = createHeap<Planned>();
  return {
    changed: (known, at) => {
      if (known.ending !== null) return;
      const planned = { known, plan: known.plan };
      const next = planQuery(known.facts, known.ending, RULES);
      // A session that was never seen, too: asked only once a round, its 404s would never be a run.
      const isMissing = currentRun(known.facts, RULES) !== null;
      if (isMissing && next !== null) confirming.push({ key: secondOf(next.dueMs), value: planned });
      const asked = known.facts.asked.latest?.lastAskedMs;
      const since = asked === undefined ? known.truth.start : secondOf(asked);
      turns.push({ key: since + waitFor(known, at), value: planned });
    },
    pick: (at) => (front(confirming, at, isLive) ?? front(turns, at, isLive))?.value.known ?? null,
  };
}

const ROUTINE = RULES.routineIntervalMs / 1000;

const never: Policy = { changed: () => undefined, pick: () => null };
const byAge = (known: Known, at: number): number => Math.min(Math.max((at - known.truth.start) / 10, 30), 600);

export const ROUND_ROBIN = 'notifications + round-robin';
export const OURS = 'notifications + ours';

export const POLICIES: readonly PolicyMaker[] = [
  { name: 'notifications only', hearsNotices: true, make: () => never },
  { name: 'polling only', hearsNotices: false, make: () => polling(() => ROUTINE) },
  { name: ROUND_ROBIN, hearsNotices: true, make: () => polling(() => ROUTINE) },
  { name: 'notifications + back-off by age', hearsNotices: true, make: () => polling(byAge) },
  { name: OURS, hearsNotices: true, make: ours },
];
