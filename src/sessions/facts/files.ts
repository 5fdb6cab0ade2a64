import type { Evidence } from '../../evidence/evidence.js';
import type { BucketLook, FoundFile } from '../../evidence/bucket-look.js';
import { bareMention, type FileMention } from '../../evidence/file-mention.js';
import { earlier, type UnixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';

/**
 * One recorded file of a session, as all sources together describe it. Fields are merged independently of
 * order: a time is the earliest reported, a flag is true once any source said so, and of two different words
 * the alphabetically first one is kept.
 */
export type RecordedFile = FileMention & {
  kind: FileKind;
  firstSeenMs: UnixMs;
  /** How the newest look that found it did; null where none has. */
  stored: StoredFile | null;
  /** The sources that named it: `notice:<eventType>`, `query`, `stop` or `bucket`; sorted. */
  sources: readonly string[];
};

/** A file in a bucket, as a look at that moment found it. */
export type StoredFile = Pick<FoundFile, 'size' | 'modifiedMs' | 'playlist'> & { bucket: string; lookedMs: UnixMs };

export type FileKind = 'playlist' | 'mp4' | 'snapshot' | 'other';

/** A summary of a session's files: how many, how many of them snapshots, and a digest of what is known of the others. */
export type FileSummary = { count: number; snapshots: number; digest: string };

export const NO_FILES: FileSummary = { count: 0, snapshots: 0, digest: '' };

/** The files that one piece of evidence names. */
export function filesNamedBy(evidence: Evidence): readonly RecordedFile[] {
  switch (evidence.kind) {
    case 'notice':
      return mentionsOf(evidence).map((mention) =>
        named(mention, evidence.receivedMs, `notice:${String(evidence.eventType)}`),
      );
    case 'observation': {
      if (evidence.outcome.kind !== 'answered') return [];
      const { files, services } = evidence.outcome.answer;
      const mentions = [...files, ...services.flatMap((service) => service.files)];
      return mentions.map((mention) => named(mention, evidence.answeredMs, 'query'));
    }
    case 'stop_answer':
      return evidence.files.map((mention) => named(mention, evidence.receivedMs, 'stop'));
    case 'bucket_look':
      return filesFound(evidence);
    case 'registration':
    case 'passed_call':
    case 'repeated_delivery':
    case 'time_passed':
      return [];
  }
}

function filesFound({ outcome, bucket, askedMs, answeredMs }: BucketLook): readonly RecordedFile[] {
  if (outcome.kind !== 'listed') return [];
  return outcome.found.files.map(({ name, ...found }) => ({
    ...named(bareMention(name), answeredMs, 'bucket'),
    stored: { ...found, bucket, lookedMs: askedMs },
  }));
}

function mentionsOf({ event }: Notice): readonly FileMention[] {
  return 'files' in event ? event.files : [];
}

function named(mention: FileMention, firstSeenMs: UnixMs, source: string): RecordedFile {
  return { ...mention, kind: kindOf(mention.name), firstSeenMs, stored: null, sources: [source] };
}

export function kindOf(name: string): FileKind {
  const lower = name.toLowerCase();
  if (lower.endsWith('.m3u8')) return 'playlist';
  if (lower.endsWith('.mp4')) return 'mp4';
  return lower.endsWith('.jpg') || lower.endsWith('.jpeg') ? 'snapshot' : 'other';
}

/** The union over all sources and all recorders of the session, by name. */
export function mergeFiles(files: readonly RecordedFile[]): readonly RecordedFile[] {
  const byName = new Map<string, RecordedFile>();
  for (const file of files) {
    const known = byName.get(file.name);
    byName.set(file.name, known === undefined ? file : mergeFile(known, file));
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function mergeFile(a: RecordedFile, b: RecordedFile): RecordedFile {
  return {
    name: a.name,
    kind: a.kind,
    trackType: first(a.trackType, b.trackType),
    uid: first(a.uid, b.uid),
    mixedAllUser: either(a.mixedAllUser, b.mixedAllUser),
    playable: either(a.playable, b.playable),
    sliceStartedMs: earlier(a.sliceStartedMs, b.sliceStartedMs),
    videoId: first(a.videoId, b.videoId),
    firstSeenMs: earlier(a.firstSeenMs, b.firstSeenMs) ?? a.firstSeenMs,
    stored: lastLooked(a.stored, b.stored),
    sources: [...new Set([...a.sources, ...b.sources])].sort(),
  };
}

function lastLooked(a: StoredFile | null, b: StoredFile | null): StoredFile | null {
  if (a === null || b === null) return a ?? b;
  return b.lookedMs > a.lookedMs || (b.lookedMs === a.lookedMs && b.bucket < a.bucket) ? b : a;
}

/** Whether all segments of a playlist are there; null for what is no playlist, or could not be read. */
export function isWhole({ playlist }: StoredFile): boolean | null {
  return playlist === null || playlist.segments === 0 ? null : playlist.missing === 0;
}

function first<T extends string>(a: T | null, b: T | null): T | null {
  if (a === null || b === null) return a ?? b;
  return a <= b ? a : b;
}

function either(a: boolean | null, b: boolean | null): boolean | null {
  if (a === null || b === null) return a ?? b;
  return a || b;
}
