import type { UnixMs } from '../../evidence/instant.js';
import { queryAgrees } from './agreement.js';
import type { Ending } from './ending.js';
import type { SessionFacts } from '../facts/facts.js';
import type { VerdictRules } from '../facts/rules.js';
import { missingNumbers, type MissingRange } from '../facts/seen-numbers.js';
import { countsOf, type SeenNumbers } from '../facts/sequences.js';

/** A run of sequence numbers of one sender that did not arrive in order. */
export type Gap = {
  uid: string;
  /** The module that counts for itself; null where all modules of the recorder share one count. */
  serviceType: number | null;
  from: number;
  to: number;
  /** If the list is very long, its lowest gaps are merged into one: this many runs with this many numbers. */
  runs: number;
  missing: number;
  /** When a higher number was received. */
  revealedMs: UnixMs;
  settledMs: UnixMs | null;
  /** What settled it: the late notices themselves, or a query that covers what they would have reported. */
  settledBy: 'notice' | 'query' | null;
};

/**
 * Runs of sequence numbers that are still missing. A gap is a hint, not a loss: Agora documents
 * neither who counts nor where counting begins again, and where the console subscribes to some
 * events only, a missing number proves nothing and there are no gaps.
 *
 * A gap counts once evidence shows that it is older than `reorderGraceMs`.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#sequence
 */
export function findGaps(facts: SessionFacts, ending: Ending | null, rules: VerdictRules): readonly Gap[] {
  const settledMs = coveredUntil(facts, ending);
  return revealedGaps(facts, rules)
    .filter(({ revealedMs }) => facts.knownUntilMs - revealedMs >= rules.reorderGraceMs)
    .map((gap) =>
      settledMs !== null && settledMs >= gap.revealedMs ? { ...gap, settledMs, settledBy: 'query' } : gap,
    );
}

/** All gaps of a session, open and settled, as they were revealed. */
export function allGaps(facts: SessionFacts, ending: Ending | null, rules: VerdictRules): readonly Gap[] {
  const gaps = [...findGaps(facts, ending, rules), ...lateGaps(facts, rules)];
  return gaps.sort((a, b) => a.revealedMs - b.revealedMs || a.from - b.from);
}

/** Every run of missing numbers, the youngest included. */
export function revealedGaps(facts: SessionFacts, rules: VerdictRules): readonly Gap[] {
  if (rules.subscribedEvents !== null) return [];
  return facts.recorders.flatMap((recorder) =>
    countsOf(recorder.sequences).flatMap(({ serviceType, seen }) =>
      gapsIn(seen).map((gap) => ({ uid: recorder.uid, serviceType, ...gap, settledMs: null, settledBy: null })),
    ),
  );
}

type MissingRuns = MissingRange & { runs: number; missing: number };

function gapsIn({ ranges, merged }: SeenNumbers): readonly MissingRuns[] {
  const single = missingNumbers(ranges).map((gap) => ({ ...gap, runs: 1, missing: gap.to - gap.from + 1 }));
  if (merged === null) return single;
  const { runs, numbers, to, revealedMs } = merged;
  return [{ from: 0, to, revealedMs, runs, missing: numbers }, ...single];
}

/**
 * Up to when queries cover what a lost notification could have said about the state: until the last query
 * that found it alive, or for ever if a query confirmed the end.
 */
function coveredUntil(facts: SessionFacts, ending: Ending | null): UnixMs | null {
  const { asked } = facts;
  if (ending !== null && queryAgrees(facts, ending.sinceMs)) return asked.latest?.lastAnsweredMs ?? null;
  return asked.lastVerifiedMs;
}

/** Runs of numbers that arrived after all, later than reordering explains. */
export function lateGaps(facts: SessionFacts, rules: VerdictRules): readonly Gap[] {
  if (rules.subscribedEvents !== null) return [];
  return facts.recorders.flatMap(({ uid, lateNumbers }) =>
    lateNumbers
      .filter(({ revealedMs, receivedMs }) => receivedMs - revealedMs >= rules.reorderGraceMs)
      .map(({ n, serviceType, revealedMs, receivedMs }) => ({
        uid,
        serviceType,
        from: n,
        to: n,
        runs: 1,
        missing: 1,
        revealedMs,
        settledMs: receivedMs,
        settledBy: 'notice' as const,
      }))
      .reduce<Gap[]>(joinNeighbours, []),
  );
}

/** Neighbouring numbers that closed the same gap are one run of it. */
function joinNeighbours(gaps: Gap[], gap: Gap): Gap[] {
  const last = gaps.at(-1);
  if (last?.serviceType !== gap.serviceType || last.to + 1 !== gap.from) {
    gaps.push(gap);
    return gaps;
  }
  const settledMs =
    last.settledMs !== null && gap.settledMs !== null && last.settledMs > gap.settledMs
      ? last.settledMs
      : gap.settledMs;
  gaps[gaps.length - 1] = { ...last, to: gap.to, missing: last.missing + 1, settledMs };
  return gaps;
}
