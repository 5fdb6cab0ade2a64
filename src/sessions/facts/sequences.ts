import type { UnixMs } from '../../evidence/instant.js';
import type { Bounds } from './bounds.js';
import { addNumber, firstReceiptAbove, holdsNumber, type SeenRange } from './seen-numbers.js';

/**
 * The sequence numbers of one sender. If there are very many runs, the lowest are merged: `merged` says how
 * many gaps lay between them, how many numbers were missing, and when the last gap was revealed.
 */
export type SeenNumbers = { ranges: readonly SeenRange[]; merged: MergedGaps | null };

export type MergedGaps = {
  runs: number;
  numbers: number;
  to: number;
  revealedMs: UnixMs;
};

/** Agora does not document who counts, so numbers are kept for each module, and for all modules together. */
export type SequenceCounts = {
  /** True if two modules of the recorder have used the same number: then each counts for itself. */
  apart: boolean;
  /** The numbers of all modules, while they seem to share one count. */
  together: SeenNumbers;
  modules: readonly { serviceType: number; seen: SeenNumbers }[];
};

/** `serviceType` is null while all modules of the recorder seem to share one count. */
export type LateNumber = {
  n: number;
  serviceType: number | null;
  revealedMs: UnixMs;
  receivedMs: UnixMs;
};

const NONE: SeenNumbers = { ranges: [], merged: null };
export const NO_SEQUENCES: SequenceCounts = { apart: false, together: NONE, modules: [] };

export type CountedNumber = { n: number; serviceType: number; receivedMs: UnixMs };

export function addSequence(counts: SequenceCounts, counted: CountedNumber, bounds: Bounds): SequenceCounts {
  const { n, serviceType, receivedMs } = counted;
  const known = counts.modules.find((module) => module.serviceType === serviceType);
  const others = counts.modules.filter((module) => module !== known);
  const seen = see(known?.seen ?? NONE, n, receivedMs, bounds);
  const apart = counts.apart || others.some((other) => isKnownOf(other.seen, n));
  return {
    apart,
    together: apart ? NONE : see(counts.together, n, receivedMs, bounds),
    modules: [...others, { serviceType, seen }].sort((a, b) => a.serviceType - b.serviceType),
  };
}

/** Whether the number was certainly used; numbers among the merged runs are unknown. */
function isKnownOf({ ranges, merged }: SeenNumbers, n: number): boolean {
  return (merged === null || n > merged.to) && holdsNumber(ranges, n);
}

function see(seen: SeenNumbers, n: number, receivedMs: UnixMs, bounds: Bounds): SeenNumbers {
  const ranges = addNumber(seen.ranges, n, receivedMs);
  return ranges.length <= bounds.ranges ? { ...seen, ranges } : mergeLowest({ ...seen, ranges });
}

/** The lowest gap is merged: it is counted and no longer expected to close. */
function mergeLowest({ ranges, merged }: SeenNumbers): SeenNumbers {
  const [low, high, ...rest] = ranges;
  if (low === undefined || high === undefined) return { ranges, merged };
  const before = merged ?? { runs: low.first > 0 ? 1 : 0, numbers: low.first, to: -1, revealedMs: low.receivedMs };
  const revealedMs = firstReceiptAbove(ranges, low.last) ?? high.receivedMs;
  const joined = {
    first: 0,
    last: high.last,
    receivedMs: low.receivedMs <= high.receivedMs ? low.receivedMs : high.receivedMs,
  };
  return {
    ranges: [joined, ...rest],
    merged: {
      runs: before.runs + 1,
      numbers: before.numbers + high.first - low.last - 1,
      to: high.first - 1,
      revealedMs: before.revealedMs > revealedMs ? before.revealedMs : revealedMs,
    },
  };
}

/** A shorter delay is ordinary reordering by the network and is not kept. */
const WORTH_KEEPING_MS = 100;

/**
 * Records a number that was received well after a higher one of the same count, and so closes a gap. Once two
 * modules turn out to count separately, late numbers between them are discarded. The list is bounded, because
 * more of them do not describe a session better.
 */
export function addLateNumber(
  before: { sequences: SequenceCounts; lateNumbers: readonly LateNumber[] },
  after: SequenceCounts,
  { n, serviceType, receivedMs }: CountedNumber,
  bounds: Bounds,
): readonly LateNumber[] {
  const shared = !after.apart;
  const known = before.sequences.apart === after.apart ? before.lateNumbers : [];
  if (known.length >= bounds.ranges) return known;
  const { ranges } = countBefore(before.sequences, after, serviceType);
  const revealedMs = firstReceiptAbove(ranges, n);
  if (revealedMs === null || receivedMs - revealedMs < WORTH_KEEPING_MS) return known;
  if (holdsNumber(ranges, n)) return known;
  const late: LateNumber = { n, serviceType: shared ? null : serviceType, revealedMs, receivedMs };
  return [...known, late].sort((a, b) => a.n - b.n || a.receivedMs - b.receivedMs);
}

function countBefore(before: SequenceCounts, after: SequenceCounts, serviceType: number) {
  if (!after.apart) return before.together;
  return before.modules.find((module) => module.serviceType === serviceType)?.seen ?? NONE;
}

export type Count = { serviceType: number | null; seen: SeenNumbers };

/**
 * Decides who counts: as long as no two modules of a recorder have used the same number they are assumed to
 * share one count, else each counts for itself. Agora documents neither.
 * Ours: docs/agora.md#sequence
 */
export function countsOf({ apart, together, modules }: SequenceCounts): readonly Count[] {
  return apart ? modules : [{ serviceType: null, seen: together }];
}
