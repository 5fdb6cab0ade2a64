import type { UnixMs } from '../evidence/instant.js';
import { queryAgrees } from './certainty.js';
import { endMs, findEnding, type Ending } from './ending.js';
import type { SessionFacts } from './facts.js';
import type { VerdictRules } from './rules.js';
import { missingNumbers, type MissingRange } from './seen-numbers.js';
import { countsOf } from './sequences.js';

/** A run of sequence numbers of one sender that did not come in their turn. */
export type Gap = {
  uid: string;
  /** The module that counts for itself; null where all modules of the recorder share one count. */
  serviceType: number | null;
  from: number;
  to: number;
  /** When a higher number was received. */
  revealedMs: UnixMs;
  settledMs: UnixMs | null;
  /** What settled it: the late notices themselves, or a query that covers what they would have told. */
  settledBy: 'notice' | 'query' | null;
};

/**
 * Runs of sequence numbers that are still missing. A gap is a hint, not a loss: Agora documents
 * neither who counts nor where counting begins again, and where the console subscribes to some
 * events only, a missing number proves nothing and there are no gaps.
 *
 * A gap counts once it is older than `reorderGraceMs`, by what was learned since.
 * @see docs/agora.md#sequence
 */
export function findGaps(
  facts: SessionFacts,
  ending: Ending | null,
  rules: VerdictRules,
): readonly Gap[] {
  const settledMs = coveredUntil(facts, ending);
  return revealedGaps(facts, rules)
    .filter(({ revealedMs }) => facts.knownUntilMs - revealedMs >= rules.reorderGraceMs)
    .map((gap) =>
      settledMs !== null && settledMs >= gap.revealedMs
        ? { ...gap, settledMs, settledBy: 'query' }
        : gap,
    );
}

/** All gaps of a session, open and settled, as they were revealed. */
export function allGaps(facts: SessionFacts, rules: VerdictRules): readonly Gap[] {
  const gaps = [...findGaps(facts, findEnding(facts, rules), rules), ...lateGaps(facts, rules)];
  return gaps.sort((a, b) => a.revealedMs - b.revealedMs || a.from - b.from);
}

/** Every run of missing numbers, the youngest included. */
export function revealedGaps(facts: SessionFacts, rules: VerdictRules): readonly Gap[] {
  if (rules.subscribedEvents !== null) return [];
  return facts.recorders.flatMap((recorder) =>
    countsOf(recorder).flatMap(({ serviceType, seen }) =>
      missingNumbers(seen).map((missing) => asGap(recorder.uid, serviceType, missing)),
    ),
  );
}

function asGap(uid: string, serviceType: number | null, missing: MissingRange): Gap {
  return { uid, serviceType, ...missing, settledMs: null, settledBy: null };
}

/**
 * Until when queries say all that a lost notification could have told about the state: that it was
 * alive when last asked, or that it is over, as confirmed by a query.
 */
function coveredUntil({ asked, ...facts }: SessionFacts, ending: Ending | null): UnixMs | null {
  const overMs = ending === null ? null : endMs(ending);
  if (overMs !== null && queryAgrees({ asked, ...facts }, overMs)) return asked.latest?.lastAnsweredMs ?? null; // prettier-ignore
  return asked.lastVerifiedMs;
}

/** Runs of numbers that came after all, later than a network explains. */
export function lateGaps(facts: SessionFacts, rules: VerdictRules): readonly Gap[] {
  if (rules.subscribedEvents !== null) return [];
  return facts.recorders.flatMap(({ uid, lateNumbers }) =>
    lateNumbers
      .filter(({ revealedMs, receivedMs }) => receivedMs - revealedMs >= rules.reorderGraceMs)
      .map((late) => ({ ...late, uid, from: late.n, to: late.n }))
      .map(({ uid: sender, serviceType, from, to, revealedMs, receivedMs }) => ({
        uid: sender,
        serviceType,
        from,
        to,
        revealedMs,
        settledMs: receivedMs,
        settledBy: 'notice' as const,
      }))
      .reduce<readonly Gap[]>(joinNeighbours, []),
  );
}

/** Neighbouring numbers that closed the same gap are one run of it. */
function joinNeighbours(gaps: readonly Gap[], gap: Gap): readonly Gap[] {
  const last = gaps.at(-1);
  if (last?.serviceType !== gap.serviceType || last.to + 1 !== gap.from) return [...gaps, gap];
  const settledMs =
    last.settledMs !== null && gap.settledMs !== null && last.settledMs > gap.settledMs
      ? last.settledMs
      : gap.settledMs;
  return [...gaps.slice(0, -1), { ...last, to: gap.to, settledMs }];
}
