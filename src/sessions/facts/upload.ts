import { earlier, isAfter, later, type UnixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';
import type { UploadingStatus } from '../../evidence/recording-event.js';
import { NO_UPLOAD, type SessionFacts, type UploadFacts } from './facts.js';
import { isReplaced } from './current-recorders.js';
import { isFailing } from './signs-of-life.js';

/** From the worst to the best; `unknown` if no source reported it. Of these, only a bucket tells `missing`. */
export const UPLOAD_STATES = [
  'missing',
  'failed',
  'stranded',
  'backed_up',
  'uploading',
  'uploaded',
  'unknown',
] as const;
export type UploadState = (typeof UPLOAD_STATES)[number];

/**
 * Errors of the uploader (module 1) and the platform (2) that lose files.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export const STORAGE_ERRORS: readonly { module: number; code: number }[] = [
  { module: 1, code: 32 },
  { module: 1, code: 47 },
  { module: 1, code: 51 },
  { module: 2, code: 50 },
];

/**
 * The upload as one recorder's uploader reports it.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export function foldUpload(upload: UploadFacts, { event }: Notice, atMs: UnixMs): UploadFacts {
  switch (event.type) {
    case 'uploaderStarted':
      return { ...upload, startedMs: earlier(upload.startedMs, atMs) };
    case 'uploadProgress':
      return { ...upload, progressMs: later(upload.progressMs, atMs) };
    case 'uploaded':
    case 'backedUp':
      if (isFailing(event.status)) return { ...upload, failedMs: later(upload.failedMs, atMs) };
      return finished(upload, event.uploadingStatus ?? (event.type === 'uploaded' ? 'uploaded' : 'backuped'), atMs);
    case 'error':
      return isUploadError(event.module, event.code) ? { ...upload, failedMs: later(upload.failedMs, atMs) } : upload;
    default:
      return upload;
  }
}

/** The last reported progress; of two at one moment the larger one. */
export function latestProgress(
  latest: SessionFacts['progress'],
  { event }: Notice,
  atMs: UnixMs,
): SessionFacts['progress'] {
  if (event.type !== 'uploadProgress' || event.progress === null) return latest;
  const told = { atMs, progress: event.progress };
  if (latest === null || atMs > latest.atMs) return told;
  return atMs === latest.atMs && told.progress > latest.progress ? told : latest;
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
 * The state of the upload over all recorders: each has its own files, so the worst state counts. A replaced
 * recorder that was uploading has died; only an event of its own tells what became of its files.
 */
export function uploadState(facts: SessionFacts): UploadState {
  const states = facts.recorders.map((recorder) => {
    const replaced = isReplaced(recorder, facts);
    const state = stateOf(replaced ? recorder.upload : withStopAnswer(recorder.upload, facts.stop));
    return replaced && state === 'uploading' ? 'unknown' : state;
  });
  const told = facts.recorders.length === 0 ? [stateOf(withStopAnswer(NO_UPLOAD, facts.stop))] : states;
  return UPLOAD_STATES.find((state) => told.includes(state)) ?? 'unknown';
}

/**
 * The latest event counts, but once everything is in the customer's storage nothing revokes that: 32 says
 * that files will be moved, and 31 that they are there.
 * Ours: docs/agora.md#events
 */
function stateOf(told: UploadFacts): UploadState {
  if (told.uploadedMs !== null) return 'uploaded';
  const endings: [UploadState, UnixMs | null][] = [
    ['failed', told.failedMs],
    ['stranded', told.strandedMs],
    ['backed_up', told.backedUpMs],
  ];
  let state: UploadState = (told.startedMs ?? told.progressMs) ? 'uploading' : 'unknown';
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
