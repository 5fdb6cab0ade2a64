import type { RecorderFacts, SessionFacts } from './facts.js';
import { missingRanges, rangesOverlap, type NumberRange } from './number-ranges.js';

/** A run of sequence numbers of one sender that never came. */
export type Gap = {
  uid: string;
  /** The module that counts for itself; null where all modules of the recorder share one count. */
  serviceType: number | null;
  from: number;
  to: number;
};

/**
 * Runs of sequence numbers not seen, between 0 and the highest seen of each sender. A gap is a hint,
 * not a loss. Agora never says who counts: as long as no two modules of a recorder used the same
 * number they are taken to share one count, else each counts for itself.
 * @see docs/agora.md#sequence
 */
export function findGaps(facts: SessionFacts): readonly Gap[] {
  return facts.recorders.flatMap(gapsOfRecorder);
}

function gapsOfRecorder({ uid, sequences }: RecorderFacts): readonly Gap[] {
  if (!shareOneCount(sequences)) {
    return sequences.flatMap(({ serviceType, seen }) => gapsIn(uid, serviceType, seen));
  }
  return gapsIn(uid, null, sequences.reduce(union, []));
}

function shareOneCount(sequences: RecorderFacts['sequences']): boolean {
  return sequences.every((module, index) =>
    sequences.slice(index + 1).every((other) => !rangesOverlap(module.seen, other.seen)),
  );
}

function union(
  ranges: readonly NumberRange[],
  { seen }: { seen: readonly NumberRange[] },
): readonly NumberRange[] {
  return [...ranges, ...seen].sort((a, b) => a[0] - b[0]).reduce(joinLast, []);
}

function joinLast(joined: readonly NumberRange[], range: NumberRange): readonly NumberRange[] {
  const last = joined.at(-1);
  if (last === undefined || range[0] > last[1] + 1) return [...joined, range];
  return [...joined.slice(0, -1), [last[0], Math.max(last[1], range[1])]];
}

function gapsIn(uid: string, serviceType: number | null, seen: readonly NumberRange[]): Gap[] {
  return missingRanges(seen, 0).map(([from, to]) => ({ uid, serviceType, from, to }));
}
