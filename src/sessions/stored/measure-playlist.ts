import { plusMs, unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Hole, PlaylistReading } from '../../evidence/bucket-look.js';
import { folderOf } from './belonging.js';

/** A segment as a playlist lists it. */
export type ListedSegment = {
  uri: string;
  durationMs: number;
  /** When it began, if the playlist says so. */
  startMs: UnixMs | null;
};

/** Segments follow each other within some hundred milliseconds; a longer silence was not recorded. */
const SILENCE_MS = 1_000;
/** How much is kept of lists that have no bound. */
const MOST_NAMES = 20;
const MOST_HOLES = 100;

/**
 * Counts the segments of a playlist against a listing, sums up those that are there, and finds where nothing is.
 * A segment's name ends with the time at which it began; where neither that nor the playlist tells it, it begins
 * where the one before ended.
 * @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#storage
 */
export function measurePlaylist(
  key: string,
  segments: readonly ListedSegment[],
  isThere: (key: string) => boolean,
): PlaylistReading {
  const placed = inTime(segments);
  const missing = placed.filter(({ uri }) => !segmentKeys(key, uri).some(isThere));
  const isMissing = new Set(missing);
  const holes = holesOf(placed, isMissing);
  return {
    segments: segments.length,
    missing: missing.length,
    missingNames: missing.slice(0, MOST_NAMES).map(({ uri }) => uri),
    recordedMs: Math.round(sumOf(placed.filter((one) => !isMissing.has(one)))),
    fromMs: placed[0]?.startMs ?? null,
    holes: holes.slice(0, MOST_HOLES).map(rounded),
  };
}

type Placed = ListedSegment & { offsetMs: number };

/** Offsets count from the first segment: by the clock where times are told, else by the lengths before. */
function inTime(segments: readonly ListedSegment[]): readonly Placed[] {
  const placed: Placed[] = [];
  let offsetMs = 0;
  const firstMs = segments[0] === undefined ? null : startOf(segments[0]);
  for (const segment of segments) {
    const toldMs = startOf(segment);
    if (toldMs !== null && firstMs !== null) offsetMs = Math.max(toldMs - firstMs, 0);
    const startMs = firstMs === null ? null : plusMs(firstMs, offsetMs);
    placed.push({ ...segment, offsetMs, startMs });
    offsetMs += segment.durationMs;
  }
  return placed;
}

function startOf({ startMs, uri }: ListedSegment): UnixMs | null {
  return timeInName(uri) ?? startMs;
}

/** `20190611073246073` is 07:32:46.073 on June 11, 2019, in UTC. */
export function timeInName(uri: string): UnixMs | null {
  const digits = /_(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{3})\.\w+$/.exec(uri.replace(/[?#].*$/, ''));
  if (digits === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = digits.slice(1).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) return null;
  return unixMs(Date.UTC(year, month - 1, day, hour, minute, second, ms));
}

function segmentKeys(playlist: string, uri: string): readonly string[] {
  const plain = uri.replace(/[?#].*$/, '').replace(/^\.\//, '');
  const folder = folderOf(playlist);
  return [folder + uri, folder + plain, folder + decoded(plain)];
}

function decoded(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri; // a percent sign that stands for itself
  }
}

function sumOf(segments: readonly Placed[]): number {
  return segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

/** What is missing, joined where it adjoins, and silences between segments. */
function holesOf(placed: readonly Placed[], isMissing: ReadonlySet<Placed>): Hole[] {
  const holes: Hole[] = [];
  const add = (hole: Hole): void => {
    const last = holes.at(-1);
    const adjoins = last !== undefined && hole.offsetMs - (last.offsetMs + last.lengthMs) < SILENCE_MS;
    if (!adjoins) holes.push(hole);
    else holes[holes.length - 1] = { ...last, lost: last.lost || hole.lost, lengthMs: endOf(hole) - last.offsetMs };
  };
  let untilMs = 0;
  for (const segment of placed) {
    const { offsetMs, durationMs, startMs } = segment;
    const silenceMs = offsetMs - untilMs;
    if (silenceMs >= SILENCE_MS) {
      const atMs = startMs === null ? null : plusMs(startMs, -silenceMs);
      add({ atMs, offsetMs: untilMs, lengthMs: silenceMs, lost: false });
    }
    if (isMissing.has(segment)) add({ atMs: startMs, offsetMs, lengthMs: durationMs, lost: true });
    untilMs = Math.max(untilMs, offsetMs + durationMs);
  }
  return holes;
}

function endOf({ offsetMs, lengthMs }: Hole): number {
  return offsetMs + lengthMs;
}

function rounded(hole: Hole): Hole {
  return { ...hole, offsetMs: Math.round(hole.offsetMs), lengthMs: Math.round(hole.lengthMs) };
}
