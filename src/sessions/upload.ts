import { earlier, isAfter, later, type UnixMs } from '../evidence/instant.js';
import type { Notice } from '../evidence/notice.js';
import type { UploadingStatus } from '../evidence/recording-event.js';
import type { SessionFacts, UploadFacts } from './facts.js';

export type UploadState =
  'unknown' | 'uploading' | 'uploaded' | 'backed_up' | 'stranded' | 'failed';

/** Errors of the uploader (module 1) and the platform (2) that lose files: docs/agora.md#events */
export const STORAGE_ERRORS: readonly { module: number; code: number }[] = [
  { module: 1, code: 32 },
  { module: 1, code: 47 },
  { module: 1, code: 51 },
  { module: 2, code: 50 },
];

export function foldUpload(upload: UploadFacts, { event }: Notice, atMs: UnixMs): UploadFacts {
  switch (event.type) {
    case 'uploaderStarted':
      return { ...upload, startedMs: earlier(upload.startedMs, atMs) };
    case 'uploadProgress':
      return { ...upload, progress: latestProgress(upload.progress, event.progress, atMs) };
    case 'uploaded':
    case 'backedUp':
      return finished(
        upload,
        event.uploadingStatus ?? (event.type === 'uploaded' ? 'uploaded' : 'backuped'),
        atMs,
      );
    case 'error':
      return isUploadError(event.module, event.code)
        ? { ...upload, failedMs: later(upload.failedMs, atMs) }
        : upload;
    default:
      return upload;
  }
}

function latestProgress(
  latest: UploadFacts['progress'],
  progress: number | null,
  atMs: UnixMs,
): UploadFacts['progress'] {
  if (progress === null) return latest;
  if (latest === null || atMs > latest.atMs) return { atMs, progress };
  return atMs === latest.atMs && progress > latest.progress ? { atMs, progress } : latest;
}

function finished(upload: UploadFacts, status: UploadingStatus, atMs: UnixMs): UploadFacts {
  switch (status) {
    case 'uploaded':
      return { ...upload, uploadedMs: later(upload.uploadedMs, atMs) };
    case 'backuped':
      return { ...upload, backedUpMs: later(upload.backedUpMs, atMs) };
    case 'stranded':
      return { ...upload, strandedMs: later(upload.strandedMs, atMs) };
    case 'unknown':
      return upload;
  }
}

function isUploadError(module: number | null, code: number | null): boolean {
  return STORAGE_ERRORS.some((error) => error.module === module && error.code === code);
}

/**
 * How the upload stands. What came last counts, but once everything is in the customer's storage
 * nothing takes that back: 32 says that files will be moved, and 31 that they are there.
 */
export function uploadState({ upload, stop }: SessionFacts): UploadState {
  const told = withStopAnswer(upload, stop);
  if (told.uploadedMs !== null) return 'uploaded';
  const endings: [UploadState, UnixMs | null][] = [
    ['failed', told.failedMs],
    ['stranded', told.strandedMs],
    ['backed_up', told.backedUpMs],
  ];
  let state: UploadState = (told.startedMs ?? told.progress) ? 'uploading' : 'unknown';
  let sinceMs: UnixMs | null = null;
  for (const [ending, atMs] of endings) {
    if (atMs !== null && isAfter(atMs, sinceMs)) [state, sinceMs] = [ending, atMs];
  }
  return state;
}

function withStopAnswer(upload: UploadFacts, stop: SessionFacts['stop']): UploadFacts {
  if (stop?.uploadingStatus == null) return upload;
  return finished(upload, stop.uploadingStatus, stop.receivedMs);
}
