import type { UnixMs } from './instant.js';

/**
 * What one look into a bucket showed of one session's files. A bucket that refuses, or that cannot be reached,
 * says nothing about them.
 */
export type BucketLook = {
  kind: 'bucket_look';
  sid: string;
  /** The bucket's name in the settings. */
  bucket: string;
  /** The folders in which files of the session were looked for. */
  folders: readonly string[];
  askedMs: UnixMs;
  answeredMs: UnixMs;
  outcome: LookOutcome;
};

export type LookOutcome =
  | { kind: 'listed'; found: FoundFiles }
  /** 401 or 403, or 404 for the bucket itself. */
  | { kind: 'refused'; status: number; code: string | null }
  | { kind: 'unavailable'; reason: UnavailableReason };

export type UnavailableReason = 'timeout' | 'network' | 'server' | 'throttled' | 'unreadable';

/** Everything that the listing held of the session. Segments of playlists are counted, and not named one by one. */
export type FoundFiles = {
  files: readonly FoundFile[];
  segments: { count: number; bytes: number };
  /** Names that other sources had told by then, and that the listing does not hold. */
  absent: readonly string[];
  /** True where there were more files than are kept here. */
  isCut: boolean;
};

export type FoundFile = {
  /** As other sources name it, or else its full name in the bucket. */
  name: string;
  size: number;
  modifiedMs: UnixMs;
  /** Only of a playlist that could be read. */
  playlist: PlaylistReading | null;
};

/** A playlist, measured against the listing. */
export type PlaylistReading = {
  segments: number;
  /** Those of them that the listing does not hold: how many, and the first of their names. */
  missing: number;
  missingNames: readonly string[];
  /** The length of all segments that are there, as the playlist gives it. */
  recordedMs: number;
  /** When its first segment began; null where neither names nor the playlist tell the time. */
  fromMs: UnixMs | null;
  holes: readonly Hole[];
};

/**
 * A stretch within a playlist of which nothing is there: segments are missing (`lost`), or none was recorded.
 * `offsetMs` counts from the beginning of the playlist.
 */
export type Hole = { atMs: UnixMs | null; offsetMs: number; lengthMs: number; lost: boolean };
