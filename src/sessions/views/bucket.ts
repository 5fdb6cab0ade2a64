import { iso, plusMs, type UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../facts/facts.js';
import type { LookFact, RecordedFact } from '../facts/looks.js';
import type { SessionBucket, SessionEnd, SessionHole, SessionStart } from '../verdict/session.js';
import { isComplete, placeOf, type Place } from '../verdict/stored-files.js';

type Times = { startedAt: SessionStart | null; endedAt: SessionEnd | null };

/** What looks into buckets show of a session; null where there was none. */
export function bucketOf(facts: SessionFacts, times: Times): SessionBucket | null {
  const last = lastLook(facts.looks);
  if (last === null) return null;
  const place = placeOf(facts);
  return { lookedMs: last.askedMs, outcome: last.outcome, ...(place === null ? NOTHING_LISTED : heldBy(place, times)) };
}

type Look = { askedMs: UnixMs; outcome: SessionBucket['outcome'] };

function lastLook(looks: readonly LookFact[]): Look | null {
  const all = looks.flatMap(({ listed, refused, unavailable }): Look[] => [
    ...(listed === null ? [] : [{ askedMs: listed.askedMs, outcome: 'listed' as const }]),
    ...(refused === null ? [] : [{ askedMs: refused.askedMs, outcome: 'refused' as const }]),
    ...(unavailable === null ? [] : [{ askedMs: unavailable.askedMs, outcome: 'unavailable' as const }]),
  ]);
  return all.toSorted((a, b) => b.askedMs - a.askedMs)[0] ?? null;
}

const NOTHING_LISTED = {
  name: null,
  files: 0,
  segments: 0,
  missingSegments: 0,
  missingFiles: 0,
  complete: null,
  recordedMs: null,
  lengthMs: null,
  holes: [],
  moreHoles: 0,
};

function heldBy(place: Place, times: Times): Omit<SessionBucket, 'lookedMs' | 'outcome'> {
  const { listed, bucket } = place;
  const { recorded } = listed;
  return {
    name: bucket,
    files: listed.files,
    segments: listed.segments,
    missingSegments: listed.missing,
    missingFiles: listed.absent,
    complete: isComplete(place),
    recordedMs: recorded?.ms ?? null,
    lengthMs: lengthOf(times),
    holes: recorded === null ? [] : holesIn(recorded, times.startedAt),
    moreHoles: recorded?.moreHoles ?? 0,
  };
}

/** From its start to its end, or to its last sign of life where nobody saw the end. */
function lengthOf({ startedAt, endedAt }: Times): number | null {
  const untilMs = endedAt?.atMs ?? endedAt?.notBeforeMs ?? null;
  return startedAt === null || untilMs === null ? null : Math.max(untilMs - startedAt.atMs, 0);
}

/** A hole whose time no name tells is placed by its distance from the start. */
function holesIn({ holes }: RecordedFact, startedAt: SessionStart | null): SessionHole[] {
  return holes.map(({ atMs, offsetMs, lengthMs }) => {
    const fromMs = atMs ?? (startedAt === null ? null : plusMs(startedAt.atMs, offsetMs));
    return { fromMs, toMs: fromMs === null ? null : plusMs(fromMs, lengthMs), lengthMs };
  });
}

/** "42 min 10 s of 42 min 30 s recorded, one hole of 20 s at 10:32"; null where no playlist tells. */
export function recordedInWords({ recordedMs, lengthMs, holes, moreHoles }: SessionBucket): string | null {
  if (recordedMs === null) return null;
  const of = lengthMs === null ? '' : ` of ${duration(lengthMs)}`;
  return [`${duration(recordedMs)}${of} recorded`, ...holesInWords(holes, moreHoles)].join(', ');
}

function holesInWords(holes: readonly SessionHole[], more: number): string[] {
  const count = holes.length + more;
  if (count === 0) return [];
  const each = holes.slice(0, 3).map(({ fromMs, lengthMs }) => {
    return `${duration(lengthMs)}${fromMs === null ? '' : ` at ${iso(fromMs).slice(11, 16)}`}`;
  });
  const told = `${count === 1 ? 'one hole' : `${String(count)} holes`} of ${each.join(', ')}`;
  return [count > each.length ? `${told} and more` : told];
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ];
  const told = parts.filter(([n], index) => n > 0 || (index === 2 && seconds === 0));
  return told.map(([n, unit]) => `${String(n)} ${unit}`).join(' ');
}
