import type { UnixMs } from '../evidence/instant.js';
import type { LateNumber, RecorderFacts } from './facts.js';
import { addNumber, firstReceiptAbove, joinRanges, rangesOverlap } from './seen-numbers.js';
import type { SeenRange } from './seen-numbers.js';

/** Less than this is the ordinary disorder of a network, and not worth remembering. */
const WORTH_KEEPING_MS = 100;
/** A session that is late all day long is not described better by more of them. */
const MOST_KEPT = 500;

export type CountedNumber = { n: number; serviceType: number; receivedMs: UnixMs };

type Sequences = RecorderFacts['sequences'];

export function addSequence(sequences: Sequences, counted: CountedNumber): Sequences {
  const { n, serviceType, receivedMs } = counted;
  const known = sequences.find((module) => module.serviceType === serviceType);
  const seen = addNumber(known?.seen ?? [], n, receivedMs);
  const others = sequences.filter((module) => module.serviceType !== serviceType);
  return [...others, { serviceType, seen }].sort((a, b) => a.serviceType - b.serviceType);
}

/**
 * Remembers a number that was received well after a higher one of the same count, whose gap it
 * closes. Once two modules turn out to count apart, what was taken for late among them is forgotten.
 */
export function addLateNumber(
  before: Pick<RecorderFacts, 'sequences' | 'lateNumbers'>,
  after: Sequences,
  { n, serviceType, receivedMs }: CountedNumber,
): readonly LateNumber[] {
  const shared = shareOneCount(after);
  const known = before.lateNumbers.filter((late) => (late.serviceType === null) === shared);
  const counts = shared ? before.sequences : before.sequences.filter((module) => module.serviceType === serviceType); // prettier-ignore
  const seen = joinRanges(counts.flatMap((count) => count.seen));
  const revealedMs = firstReceiptAbove(seen, n);
  if (known.length >= MOST_KEPT) return known;
  const wasMissing = !seen.some((range) => range.first <= n && n <= range.last);
  if (!wasMissing || revealedMs === null || receivedMs - revealedMs < WORTH_KEEPING_MS) {
    return known;
  }
  const late: LateNumber = { n, serviceType: shared ? null : serviceType, revealedMs, receivedMs };
  return [...known, late].sort((a, b) => a.n - b.n || a.receivedMs - b.receivedMs);
}

export type Count = { serviceType: number | null; seen: readonly SeenRange[] };

/**
 * Who counts: as long as no two modules of a recorder used the same number they are taken to share
 * one count, else each counts for itself. Agora says neither.
 * @see docs/agora.md#sequence
 */
export function countsOf({ sequences }: Pick<RecorderFacts, 'sequences'>): readonly Count[] {
  if (!shareOneCount(sequences)) return sequences;
  return [{ serviceType: null, seen: joinRanges(sequences.flatMap(({ seen }) => seen)) }];
}

function shareOneCount(sequences: Sequences): boolean {
  return sequences.every((module, index) =>
    sequences.slice(index + 1).every((other) => !rangesOverlap(module.seen, other.seen)),
  );
}
