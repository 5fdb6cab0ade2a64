import type { RecordingEvent, UploadingStatus } from '../evidence/recording-event.js';
import {
  flagIn,
  instantIn,
  listIn,
  numberIn,
  objectIn,
  textIn,
  valueIn,
  isObject,
  wholeNumberIn,
  type LooseObject,
} from './read-fields.js';
import { readFiles } from './read-files.js';

/**
 * The details of an event in our words and units. Never fails: a field of another type than any
 * source documents is absent, and an unknown event is `unknown`.
 * @see docs/agora.md#events
 */
export function decodeEvent(eventType: number, details: LooseObject): RecordingEvent {
  return DECODERS[eventType]?.(details) ?? { type: 'unknown' };
}

type Decoder = (details: LooseObject) => RecordingEvent;

const DECODERS: Readonly<Record<number, Decoder>> = {
  1: (d) => ({
    type: 'error',
    module: wholeNumberIn(d, 'module'),
    level: wholeNumberIn(d, 'errorLevel'),
    code: wholeNumberIn(d, 'errorCode'),
    stat: wholeNumberIn(d, 'stat'),
    message: textIn(d, 'errorMsg'),
  }),
  2: (d) => ({
    type: 'warning',
    module: wholeNumberIn(d, 'module'),
    code: wholeNumberIn(d, 'warnCode'),
  }),
  3: (d) => ({
    type: 'statusUpdated',
    status: wholeNumberIn(d, 'status'),
    files: readFiles(valueIn(d, ['fileList'])),
  }),
  4: (d) => ({ type: 'fileInfos', files: readFiles(valueIn(d, ['fileList'])) }),
  // `leaveStatus` on the English pages of 2020 and 2021
  11: (d) => ({ type: 'sessionExit', exitStatus: wholeNumberIn(d, 'exitStatus', 'leaveStatus') }),
  12: (d) => ({ type: 'failover', newUid: textIn(d, 'newUid') }),
  13: () => ({ type: 'highAvailabilityRegistered' }),
  30: (d) => ({ type: 'uploaderStarted', status: wholeNumberIn(d, 'status') }),
  31: (d) => ({ type: 'uploaded', ...readUpload(d) }),
  32: (d) => ({ type: 'backedUp', ...readUpload(d) }),
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
  45: (d) => ({ type: 'snapshotTaken', files: readFiles(valueIn(d, ['fileName', 'filename'])) }),
  46: () => ({ type: 'mediaInfoChanged', media: 'audio' }),
  47: () => ({ type: 'mediaInfoChanged', media: 'video' }),
  60: (d) => ({ type: 'vodStarted', videoId: textIn(objectIn(d, 'aliVodInfo'), 'videoId') }),
  61: () => ({ type: 'vodTriggered' }),
  70: (d) => ({
    type: 'webRecorderStarted',
    startedMs: instantIn(d, 'recorderStartTime'),
    pageLoadedMs: instantIn(d, 'pageLoadSuccessTime'),
  }),
  71: (d) => ({
    type: 'webRecorderStopped',
    code: wholeNumberIn(d, 'code'),
    reason: textIn(d, 'message')?.trim() ?? null, // one table writes it with a space behind
    text: textIn(d, 'details'),
    files: readFiles(valueIn(d, ['fileList'])),
  }),
  72: (d) => ({ type: 'webCapabilityLimit', limit: textIn(d, 'limitType') }),
  73: (d) => ({ type: 'webReloaded', reason: textIn(d, 'reason') }),
  80: () => ({ type: 'transcoderStarted' }),
  81: (d) => ({
    type: 'transcoderCompleted',
    result: textIn(d, 'result'),
    files: listIn(d, 'uids').flatMap((uid) =>
      isObject(uid) ? readFiles(valueIn(uid, ['fileList'])).map((file) => withUid(file, uid)) : [],
    ),
  }),
  90: (d) => ({
    type: 'downloadFailed',
    vendor: textIn(d, 'vendor'),
    region: textIn(d, 'region'),
    bucket: textIn(d, 'bucket'),
    fileNames: readFiles(valueIn(d, ['fileName', 'filename'])).map((file) => file.name),
  }),
  100: (d) => ({ type: 'cdnStatus', url: textIn(d, 'rtmpUrl'), status: textIn(d, 'status') }),
  1001: (d) => ({
    type: 'transcodeFinished',
    result: textIn(d, 'result'),
    files: readFiles(valueIn(d, ['fileList'])),
  }),
};

function withUid<T extends { uid: string | null }>(file: T, { uid }: LooseObject): T {
  return { ...file, uid: file.uid ?? textIn({ uid }, 'uid') };
}

function readUpload(details: LooseObject): {
  status: number | null;
  uploadingStatus: UploadingStatus | null;
  files: ReturnType<typeof readFiles>;
} {
  return {
    status: wholeNumberIn(details, 'status'),
    uploadingStatus: uploadingStatusOf(textIn(details, 'uploadingStatus')),
    files: readFiles(valueIn(details, ['fileList'])),
  };
}

/** `unknow` is how older pages spell it. */
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

/** Agora counts to 10000. */
function readProgress(details: LooseObject): number | null {
  const progress = numberIn(details, 'progress');
  return progress === null ? null : Math.min(Math.max(progress / 10_000, 0), 1);
}

/** 0 means receiving. Two public receivers and one page write `utcMs`. */
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
