import { MOST_OF_A_KIND } from '../findings/find-findings.js';
import type { KnownFiles } from '../facts/files.js';
import { isTerminal, type Session } from '../verdict/session.js';

/**
 * What a new version says that the one before did not, as paths in the words of the API (`state`, `endedAt.at`,
 * `files`), sorted; empty where there is nothing that a reader could act on, and then it is no version. Of a first
 * version it is all that is known.
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
 * `rough`: a session that goes on for days may lose a notification an hour and take a picture every few seconds.
 * How many of these there are makes a version only while they are few, or once it is over.
 */
type Detail = 'rough' | 'exact';

/**
 * What a reader could act on, in the words of the API. What only counts, or moves with every query that finds all
 * as it was, is left out: it is shown as it stands.
 */
function substanceOf(session: Session, detail: Detail): Readonly<Record<string, unknown>> {
  const { notices: _n, observations: _o, queryableUntilMs, startedAt, endedAt, files, ...rest } = session;
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
    gaps: gapsOf(session, detail),
    findings: findingsOf(session),
    files: hasFiles(files) ? filesOf(files, detail) : null,
  };
}

/** Beyond as many gaps as there are findings of them, one more says nothing new of a session that goes on. */
function gapsOf({ gaps: { open, settled } }: Session, detail: Detail): unknown {
  if (detail === 'rough' && open + settled > MOST_OF_A_KIND) return { open: 'many', settled: 'many' };
  return { open: open === 0 ? null : open, settled: settled === 0 ? null : settled };
}

/**
 * The moment of a finding may be that of the last sign of life, and that of a clock that is wrong tells by how
 * much: both move with the next notification. "And 12 more of this kind" goes on counting.
 */
function findingsOf({ findings }: Session): readonly string[] {
  const counts = new Map<string, number>();
  return findings.map(({ code, message }) => {
    const before = counts.get(code) ?? 0;
    counts.set(code, before + 1);
    return MEASURES.includes(code) || before >= MOST_OF_A_KIND ? `${code} ${String(before)}` : `${code} ${message}`;
  });
}

const MEASURES = ['clock_skew'];

/** A row of an earlier release does not say what files there were. */
function hasFiles(files: KnownFiles | null | undefined): files is KnownFiles {
  return files != null && files.count > 0;
}

function filesOf({ digest, count, pictures }: KnownFiles, detail: Detail): unknown {
  return { digest, others: count - pictures, pictures: detail === 'exact' ? pictures : magnitude(pictures) };
}

/** 0, 1, 2 to 3, 4 to 7 and so on: that there are twice as many is worth telling. */
function magnitude(count: number): number {
  return count === 0 ? 0 : Math.floor(Math.log2(count)) + 1;
}

/** Where nobody had counted them before, nothing is news. */
function haveOtherFiles(before: KnownFiles | null | undefined, after: KnownFiles | null, detail: Detail): boolean {
  if (before == null || after === null) return false;
  return differ(filesOf(before, detail), filesOf(after, detail));
}

/** Lists, and what files there are, are one path; what is missing is as what is null. */
function pathsBetween(before: unknown, after: unknown, path: string): readonly string[] {
  if (path !== 'files' && (isRecord(before) || isRecord(after))) {
    const [a, b] = [isRecord(before) ? before : {}, isRecord(after) ? after : {}];
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => pathsBetween(a[key], b[key], path === '' ? key : `${path}.${key}`));
  }
  return differ(before, after) ? [path] : [];
}

/** Read back from the database, a document has lost nothing but the order of its keys. */
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
