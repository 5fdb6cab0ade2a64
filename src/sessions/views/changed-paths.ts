import { MOST_OF_A_KIND } from '../findings/find-findings.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { FileSummary } from '../facts/files.js';
import { isTerminal, type Session } from '../verdict/session.js';

/**
 * The paths in which a session differs from its version before, as the API names them (`state`, `endedAt.at`,
 * `files`), sorted. Only what a reader could act on counts: if it is empty, there is no new version. For a first
 * version, all paths with a value.
 * Ours: docs/decisions/024-a-version-says-something.md
 */
export function changedPaths(before: Session | null, after: Session): readonly string[] {
  const detail = isTerminal(after.state) ? 'exact' : 'rough';
  const was = before === null ? {} : substanceOf(before, detail);
  const is = substanceOf(after, detail);
  const paths = pathsBetween(was, is, '');
  const areFilesNews = before === null || haveOtherFiles(before.files, after.files, detail);
  return paths.filter((path) => path !== 'files' || areFilesNews).sort();
}

/**
 * `rough`: a session that lasts for days may lose a notification an hour, and take a snapshot every few seconds.
 * Their number makes a version only while it is small, or (`exact`) once the session is over.
 */
type Detail = 'rough' | 'exact';

/**
 * What a reader could act on, as the API names it. Counts, and what every query moves, are left out: the API shows
 * them as they are, and they make no version.
 */
function substanceOf(
  session: Session & { endKnownMs?: UnixMs | null },
  detail: Detail,
): Readonly<Record<string, unknown>> {
  const {
    notices: _n,
    observations: _o,
    endKnownMs: _e,
    queryableUntilMs,
    startedAt,
    endedAt,
    files,
    ...rest
  } = session;
  return {
    ...rest,
    queryable: queryableUntilMs !== null ? true : null,
    startedAt: startedAt === null ? null : { at: startedAt.atMs, source: startedAt.source },
    endedAt:
      endedAt === null
        ? null
        : {
            at: endedAt.atMs,
            notBefore: endedAt.notBeforeMs,
            notAfter: endedAt.notAfterMs,
            source: endedAt.source,
          },
    upload: { state: session.upload.state },
    bucket: session.bucket === undefined ? null : { ...session.bucket, lookedMs: null, outcome: null },
    services: session.services.map((service) => ({ ...service, atMs: null, source: null })),
    gaps: gapsOf(session, detail),
    findings: findingsOf(session),
    files: hasFiles(files) ? filesOf(files, detail) : null,
  };
}

/** Bounds the gaps of a live session that make a version, as the findings of one kind are bounded. */
function gapsOf({ gaps: { open, settled } }: Session, detail: Detail): unknown {
  if (detail === 'rough' && open + settled > MOST_OF_A_KIND) return { open: 'many', settled: 'many' };
  return { open: open === 0 ? null : open, settled: settled === 0 ? null : settled };
}

/**
 * Without the time of a finding, which may be that of the last sign of life; without the message of a wrong clock,
 * which says by how much; and without the number in "And 12 more of this kind". All of these move all the time.
 */
export function findingsOf({ findings }: Pick<Session, 'findings'>): readonly string[] {
  const counts = new Map<string, number>();
  return findings.map(({ code, message }) => {
    const before = counts.get(code) ?? 0;
    counts.set(code, before + 1);
    return MEASURES.includes(code) || before >= MOST_OF_A_KIND ? `${code} ${String(before)}` : `${code} ${message}`;
  });
}

const MEASURES = ['clock_skew'];

function hasFiles(files: FileSummary | null): files is FileSummary {
  return files !== null && files.count > 0;
}

function filesOf({ digest, count, snapshots }: FileSummary, detail: Detail): unknown {
  return { digest, others: count - snapshots, snapshots: detail === 'exact' ? snapshots : magnitude(snapshots) };
}

/** 0, 1, 2 to 3, 4 to 7 and so on: a version for each doubling. */
function magnitude(count: number): number {
  return count === 0 ? 0 : Math.floor(Math.log2(count)) + 1;
}

/** If they had not been counted before, nothing is new. */
function haveOtherFiles(before: FileSummary | null, after: FileSummary | null, detail: Detail): boolean {
  if (before === null || after === null) return false;
  return differ(filesOf(before, detail), filesOf(after, detail));
}

/** A list is one path, and so are the files. A missing value equals null. */
function pathsBetween(before: unknown, after: unknown, path: string): readonly string[] {
  if (path !== 'files' && (isRecord(before) || isRecord(after))) {
    const [a, b] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}];
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => pathsBetween(a[key], b[key], path === '' ? key : `${path}.${key}`));
  }
  return differ(before, after) ? [path] : [];
}

/** A document that is read back from the database differs only in the order of its keys. */
function differ(a: unknown, b: unknown): boolean {
  if (isNothing(a) || isNothing(b)) return isNothing(a) !== isNothing(b);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length !== b.length || a.some((element, index) => differ(element, b[index]));
  }
  if (isRecord(a) && isRecord(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].some((key) => differ(a[key], b[key]));
  }
  return a !== b;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
