import type { LookOutcome } from '../../evidence/bucket-look.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { QueryOutcome } from '../../evidence/observation.js';
import type { RecordingStorage } from '../../evidence/recording-storage.js';
import type { RecordingMode } from '../../evidence/registration.js';
import type { VideoFact } from '../facts/services.js';
import type { FileSummary } from '../facts/files.js';
import type { UploadState } from '../facts/upload.js';

export const SESSION_STATES = ['registered', 'starting', 'recording', 'stopping', 'ended', 'failed'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

export const SESSION_OUTCOMES = ['completed', 'vanished', 'abnormal_exit', 'never_started'] as const;
export type SessionOutcome = (typeof SESSION_OUTCOMES)[number];

/** Which sources confirm the present state: notices alone, queries alone, or both. */
export const CERTAINTIES = ['reported', 'observed', 'confirmed'] as const;
export type Certainty = (typeof CERTAINTIES)[number];

/** A recording session as concluded from its evidence; this is what the API publishes. */
export type Session = {
  sid: string;
  appId: string | null;
  resourceId: string | null;
  mode: RecordingMode | null;
  cname: string | null;
  /** The uid it was started with. */
  uid: string | null;
  /** The uids of all its recorders; more than one after a failover. */
  recorderUids: readonly string[];
  state: SessionState;
  outcome: SessionOutcome | null;
  certainty: Certainty;
  /** Until when `query` can be asked; null if it never could. */
  queryableUntilMs: UnixMs | null;
  startedAt: SessionStart | null;
  endedAt: SessionEnd | null;
  serviceStatus: number | null;
  /** What queries and notifications last told of its parts. */
  services: readonly SessionService[];
  upload: { state: UploadState; progress: number | null };
  notices: {
    events: number;
    deliveries: number;
    duplicates: number;
    outOfOrder: number;
    lastMs: UnixMs | null;
  };
  gaps: { open: number; settled: number; settledByNotice: number; settledByQuery: number };
  observations: { count: number; lastMs: UnixMs | null; lastOutcome: QueryOutcome['kind'] | null };
  findings: readonly Finding[];
  /** A summary of its files, which are not part of the facts; null if they have not been counted. */
  files: FileSummary | null;
  /** Where it is recorded to; only of a session whose `start` was passed on. */
  storage?: RecordingStorage;
  /** What looks into buckets show; only of a session of which there was one. */
  bucket?: SessionBucket;
};

/** `recordedMs` and `holes` are what the playlists in the bucket tell, beside the length of the session. */
export type SessionBucket = {
  lookedMs: UnixMs;
  outcome: LookOutcome['kind'];
  /** The bucket where most was found; null where none could be listed. */
  name: string | null;
  files: number;
  segments: number;
  missingSegments: number;
  missingFiles: number;
  complete: boolean | null;
  recordedMs: number | null;
  lengthMs: number | null;
  holes: readonly SessionHole[];
  moreHoles: number;
};

export type SessionHole = { fromMs: UnixMs | null; toMs: UnixMs | null; lengthMs: number };

/** A session as it is published. `endKnownMs`: when the first version was made that said it was over; null while it lives. */
export type LedgerSession = Session & { endKnownMs: UnixMs | null };

/** A part of a session, such as its web recorder. What nobody told of it is left out. */
export type SessionService = {
  name: string;
  state?: string;
  onHold?: boolean;
  outputs?: readonly ServiceOutput[];
  videos?: readonly VideoFact[];
  /** When it was last told of, and by whom. */
  atMs: UnixMs;
  source: 'query' | 'notice';
};

/** `url` is without its stream key. Since `sinceMs` nobody has told otherwise. */
export type ServiceOutput = { url: string; status: string; sinceMs: UnixMs };

/** Something about a session that a person may need to know. */
export type Finding = { code: string; atMs: UnixMs; message: string };

export type SessionStart = { atMs: UnixMs; source: 'notice' | 'query' | 'registration' };

/**
 * When it ended: an instant if the end was reported or observed; else the interval that contains it, from the
 * last sign of life to the first sign of its absence.
 */
export type SessionEnd = {
  atMs: UnixMs | null;
  notBeforeMs: UnixMs | null;
  notAfterMs: UnixMs | null;
  source: 'notice' | 'query' | 'stop';
};

export function isTerminal(state: SessionState): boolean {
  return state === 'ended' || state === 'failed';
}
