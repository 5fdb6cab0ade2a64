import type { RecordingEvent, UploadingStatus } from '../evidence/recording-event.js';
import {
  flagIn,
  instantIn,
  listIn,
  numberIn,
  proseIn,
  objectIn,
  textIn,
  valueIn,
  isObject,
  wholeNumberIn,
  type LooseObject,
} from './read-fields.js';
import { readFiles, type NamedFor } from './read-files.js';
import { readOutput } from './read-output.js';
import { withoutStreamKeys } from './without-stream-keys.js';

/**
 * The details of an event in our words and units. Never fails: a field of another type than any
 * source documents is absent, and an unknown event is `unknown`, with its details as they came but for stream keys.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export function decodeEvent(eventType: number, details: LooseObject, of?: NamedFor): RecordingEvent {
  return DECODERS[eventType]?.(details, of) ?? { type: 'unknown', details: withoutStreamKeys(details) };
}

/** `of`: the session it is about, whose files it may name. */
type Decoder = (details: LooseObject, of?: NamedFor) => RecordingEvent;

const DECODERS: Readonly<Record<number, Decoder>> = {
  1: (d) => ({
    type: 'error',
    module: wholeNumberIn(d, 'module'),
    level: wholeNumberIn(d, 'errorLevel'),
    code: wholeNumberIn(d, 'errorCode'),
    stat: wholeNumberIn(d, 'stat'),
    message: proseIn(d, 'errorMsg'),
  }),
  2: (d) => ({
    type: 'warning',
    module: wholeNumberIn(d, 'module'),
    code: wholeNumberIn(d, 'warnCode'),
  }),
  3: (d, of) => ({
    type: 'statusUpdated',
    status: wholeNumberIn(d, 'status'),
    files: readFiles(valueIn(d, ['fileList']), of),
  }),
  4: (d, of) => ({ type: 'fileInfos', files: readFiles(valueIn(d, ['fileList']), of) }),
  // `leaveStatus` on the English pages of 2020 and 2021
  11: (d) => ({ type: 'sessionExit', exitStatus: wholeNumberIn(d, 'exitStatus', 'leaveStatus') }),
  12: (d) => ({ type: 'failover', newUid: textIn(d, 'newUid') }),
  13: () => ({ type: 'highAvailabilityRegistered' }),
  30: (d) => ({ type: 'uploaderStarted', status: wholeNumberIn(d, 'status') }),
  31: (d, of) => ({ type: 'uploaded', ...readUpload(d, of) }),
  32: (d, of) => ({ type: 'backedUp', ...readUpload(d, of) }),
  33: (d) => ({ type: 'uploadProgress', progress: readProgress(d) }),
  34: () => ({ type: 'storageTokenExpired' }),
  40: (d) => ({ type: 'recorderStarted', status: wholeNumberIn(d, 'status') }),
  41: (d) => ({ type: 'recorderLeft', leaveCode: wholeNumberIn(d, 'leaveCode') }),
  42: (d) => ({
    type: 'sliceStarted',
    startedMs: instantIn(d, 'startUtcMs'),
    discontinuedMs: instantIn(d, 'discontinueUtcMs'),
    mixedAllUser: flagIn(d, 'mixedAllUser'),
    streamUid: textIn(d, 'streamUid'),
    trackType: textIn(d, 'trackType'),
  }),
  43: (d) => readStream(d, 'audio'),
  44: (d) => readStream(d, 'video'),
  45: (d, of) => ({
    type: 'snapshotTaken',
    files: readFiles(valueIn(d, ['fileName', 'filename']), of),
  }),
  46: () => ({ type: 'mediaInfoChanged', media: 'audio' }),
  47: () => ({ type: 'mediaInfoChanged', media: 'video' }),
  60: (d) => ({ type: 'vodStarted', videoId: textIn(objectIn(d, 'aliVodInfo'), 'videoId') }),
  61: () => ({ type: 'vodTriggered' }),
  70: (d) => ({
    type: 'webRecorderStarted',
    startedMs: instantIn(d, 'recorderStartTime'),
    pageLoadedMs: instantIn(d, 'pageLoadSuccessTime'),
  }),
  71: (d, of) => ({
    type: 'webRecorderStopped',
    code: wholeNumberIn(d, 'code'),
    reason: proseIn(d, 'message')?.trim() ?? null, // one table writes it with a space behind
    text: proseIn(d, 'details'),
    files: readFiles(valueIn(d, ['fileList']), of),
  }),
  72: (d) => ({ type: 'webCapabilityLimit', limit: proseIn(d, 'limitType') }),
  73: (d) => ({ type: 'webReloaded', reason: proseIn(d, 'reason') }),
  80: () => ({ type: 'transcoderStarted' }),
  81: (d, of) => ({
    type: 'transcoderCompleted',
    result: textIn(d, 'result'),
    files: listIn(d, 'uids').flatMap((uid) =>
      isObject(uid) ? readFiles(valueIn(uid, ['fileList']), of).map((file) => withUid(file, uid)) : [],
    ),
  }),
  90: (d, of) => ({
    type: 'downloadFailed',
    vendor: textIn(d, 'vendor'),
    region: textIn(d, 'region'),
    bucket: textIn(d, 'bucket'),
    fileNames: readFiles(valueIn(d, ['fileName', 'filename']), of).map((file) => file.name),
  }),
  100: (d) => ({ type: 'cdnStatus', ...readOutput(d) }),
  1001: (d, of) => ({
    type: 'transcodeFinished',
    result: textIn(d, 'result'),
    files: readFiles(valueIn(d, ['fileList']), of),
  }),
};

function withUid<T extends { uid: string | null }>(file: T, { uid }: LooseObject): T {
  return { ...file, uid: file.uid ?? textIn({ uid }, 'uid') };
}

function readUpload(
  details: LooseObject,
  of?: NamedFor,
): {
  status: number | null;
  uploadingStatus: UploadingStatus | null;
  files: ReturnType<typeof readFiles>;
} {
  return {
    status: wholeNumberIn(details, 'status'),
    uploadingStatus: uploadingStatusOf(textIn(details, 'uploadingStatus')),
    files: readFiles(valueIn(details, ['fileList']), of),
  };
}

/**
 * `unknow` is how older pages spell it.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/stop (read 2026-07); docs/agora.md#stop
 */
export function uploadingStatusOf(word: string | null): UploadingStatus | null {
  switch (word) {
    case 'uploaded':
    case 'backuped':
    case 'stranded':
    case 'unknown':
      return word;
    case 'unknow':
      return 'unknown';
    default:
      return null;
  }
}

/**
 * Agora counts to 10000.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
function readProgress(details: LooseObject): number | null {
  const progress = numberIn(details, 'progress');
  return progress === null ? null : Math.min(Math.max(progress / 10_000, 0), 1);
}

/**
 * 0 means receiving. Two public receivers and one page write `utcMs`.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
function readStream(details: LooseObject, media: 'audio' | 'video'): RecordingEvent {
  const state = wholeNumberIn(details, 'state');
  return {
    type: 'streamChanged',
    media,
    streamUid: textIn(details, 'streamUid'),
    receiving: state === null ? null : state === 0,
    atMs: instantIn(details, 'UtcMs', 'utcMs'),
  };
}
