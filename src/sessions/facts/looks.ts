import type { BucketLook, FoundFile, FoundFiles, Hole, UnavailableReason } from '../../evidence/bucket-look.js';
import { later, plusMs, type UnixMs } from '../../evidence/instant.js';
import type { Bounds } from './bounds.js';
import { kindOf } from './files.js';

/** What looks into one bucket showed of a session: of each kind of answer the newest. */
export type LookFact = {
  bucket: string;
  listed: ListingFact | null;
  /** The last look that found anything. */
  foundMs: UnixMs | null;
  refused: { askedMs: UnixMs; status: number; code: string | null } | null;
  unavailable: { askedMs: UnixMs; reason: UnavailableReason } | null;
};

/** A summary of one listing; the files themselves have their own table. */
export type ListingFact = {
  askedMs: UnixMs;
  answeredMs: UnixMs;
  files: number;
  playlists: number;
  /** Playlists of which segments are missing, and how many segments that are, of how many. */
  incomplete: number;
  missing: number;
  segments: number;
  /** Segments in the bucket, whether or not a playlist lists them. */
  stored: number;
  /** Files that were told of and are not there: how many, and the first of their names. */
  absent: number;
  absentNames: readonly string[];
  recorded: RecordedFact | null;
};

/** How much of the session all its playlists together hold. */
export type RecordedFact = { ms: number; holes: readonly HoleFact[]; moreHoles: number };

/** A stretch of which no playlist has anything. `atMs` is null where no name tells the time. */
export type HoleFact = { atMs: UnixMs | null; offsetMs: number; lengthMs: number };

const MOST_NAMES = 5;
const MOST_HOLES = 10;

/**
 * Of each bucket the newest look of each kind; no two are asked at one moment. Folding a look again changes nothing.
 * Of very many buckets those whose name comes first are kept.
 */
export function foldLook(looks: readonly LookFact[], look: BucketLook, bounds: Bounds): readonly LookFact[] {
  const same = looks.find(({ bucket }) => bucket === look.bucket);
  const others = looks.filter((known) => known !== same);
  return [...others, tell(same ?? noLook(look.bucket), look)]
    .sort((a, b) => (a.bucket < b.bucket ? -1 : 1))
    .slice(0, bounds.texts);
}

function noLook(bucket: string): LookFact {
  return { bucket, listed: null, foundMs: null, refused: null, unavailable: null };
}

function tell(known: LookFact, { askedMs, answeredMs, outcome }: BucketLook): LookFact {
  switch (outcome.kind) {
    case 'listed': {
      const told = { askedMs, answeredMs, ...summaryOf(outcome.found) };
      const foundMs = told.files + told.stored > 0 ? later(known.foundMs, askedMs) : known.foundMs;
      return { ...known, listed: newer(known.listed, told), foundMs };
    }
    case 'refused': {
      const { status, code } = outcome;
      return { ...known, refused: newer(known.refused, { askedMs, status, code }) };
    }
    case 'unavailable':
      return { ...known, unavailable: newer(known.unavailable, { askedMs, reason: outcome.reason }) };
  }
}

function newer<T extends { askedMs: UnixMs }>(known: T | null, told: T): T {
  return known === null || told.askedMs > known.askedMs ? told : known;
}

function summaryOf({ files, segments, absent }: FoundFiles): Omit<ListingFact, 'askedMs' | 'answeredMs'> {
  const playlists = files.flatMap(({ playlist }) => (playlist === null ? [] : [playlist]));
  return {
    files: files.length,
    playlists: files.filter(({ name }) => kindOf(name) === 'playlist').length,
    incomplete: playlists.filter(({ missing }) => missing > 0).length,
    missing: playlists.reduce((sum, { missing }) => sum + missing, 0),
    segments: playlists.reduce((sum, one) => sum + one.segments, 0),
    stored: segments.count,
    absent: absent.length,
    absentNames: absent.slice(0, MOST_NAMES),
    recorded: recordedBy(files),
  };
}

/**
 * One playlist speaks for itself. Of several, such as one for each user and track, a stretch is a hole where none has
 * anything, from the first beginning to the last end; without times the longest of them counts.
 */
function recordedBy(files: readonly FoundFile[]): RecordedFact | null {
  const playlists = files.flatMap(({ playlist }) => (playlist === null || playlist.segments === 0 ? [] : [playlist]));
  const longest = playlists.toSorted((a, b) => b.recordedMs - a.recordedMs)[0];
  if (longest === undefined) return null;
  if (playlists.length === 1) return bounded(longest.recordedMs, longest.holes);
  const spans = playlists.flatMap(({ fromMs, recordedMs, holes }) =>
    fromMs === null ? [] : spansOf(fromMs, recordedMs, holes),
  );
  if (spans.length === 0) return bounded(longest.recordedMs, longest.holes);
  return together(spans.sort((a, b) => a.fromMs - b.fromMs));
}

function bounded(ms: number, holes: readonly HoleFact[]): RecordedFact {
  const kept = holes.slice(0, MOST_HOLES).map(({ atMs, offsetMs, lengthMs }) => ({ atMs, offsetMs, lengthMs }));
  return { ms, holes: kept, moreHoles: holes.length - kept.length };
}

type Span = { fromMs: UnixMs; toMs: UnixMs };

/** What is there of a playlist: all of it but its holes. */
function spansOf(fromMs: UnixMs, recordedMs: number, holes: readonly Hole[]): Span[] {
  const spans: Span[] = [];
  let [atMs, leftMs] = [fromMs, recordedMs];
  for (const { offsetMs, lengthMs } of holes) {
    const untilMs = plusMs(fromMs, offsetMs);
    if (untilMs > atMs) spans.push({ fromMs: atMs, toMs: untilMs });
    leftMs -= Math.max(untilMs - atMs, 0);
    atMs = plusMs(untilMs, lengthMs);
  }
  return leftMs > 0 ? [...spans, { fromMs: atMs, toMs: plusMs(atMs, leftMs) }] : spans;
}

/** The same silence within one playlist is no hole either. */
const SILENCE_MS = 1_000;

function together(spans: readonly Span[]): RecordedFact {
  const holes: HoleFact[] = [];
  const beginMs = spans[0]?.fromMs ?? 0;
  let [ms, untilMs] = [0, beginMs];
  for (const { fromMs, toMs } of spans) {
    if (fromMs - untilMs >= SILENCE_MS) {
      holes.push({ atMs: plusMs(fromMs, untilMs - fromMs), offsetMs: untilMs - beginMs, lengthMs: fromMs - untilMs });
    }
    ms += Math.max(toMs - Math.max(fromMs, untilMs), 0);
    untilMs = Math.max(untilMs, toMs);
  }
  return bounded(ms, holes);
}
