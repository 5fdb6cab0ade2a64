import type { BucketLook, FoundFile, FoundFiles, LookOutcome } from '../../src/evidence/bucket-look.js';
import { unixMs, type UnixMs } from '../../src/evidence/instant.js';
import type { Notice } from '../../src/evidence/notice.js';
import type { Observation, QueryOutcome, RecordingAnswer } from '../../src/evidence/observation.js';
import type { PushOutput } from '../../src/evidence/push-output.js';
import type { RecordingEvent } from '../../src/evidence/recording-event.js';
import type { Registration } from '../../src/evidence/registration.js';
import { foldRules } from '../../src/sessions/facts/bounds.js';
import type { StopAnswer } from '../../src/evidence/stop-answer.js';
import type { LookRules } from '../../src/reconcile/plan-look.js';
import type { PlanRules } from '../../src/reconcile/planned-query.js';

/** The session that builders tell of unless told otherwise, and the second at which it started. */
export const SID = 'c0ffee00c0ffee00c0ffee00c0ffee00';
export const START = unixMs(1_772_445_600_000);

/** So many seconds after the start. */
export function at(seconds: number): UnixMs {
  return unixMs(START + seconds * 1000);
}

/** @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#asking */
export const RULES: PlanRules & LookRules = {
  goneConfirmMs: 90_000,
  goneMarginMs: 30_000,
  startDeadlineMs: 90_000,
  reorderGraceMs: 3_000,
  subscribedEvents: null,
  accountOf: (appId) => (appId === 'app' ? 'account' : null),
  startCheckAfterMs: 5_000,
  routineIntervalMs: 120_000,
  retryBackoffMs: [5_000, 10_000, 15_000, 30_000],
  bucketCheckAfterMs: 60_000,
  buckets: [],
};

export const FOLD_RULES = foldRules(RULES);

/** @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events */
const EVENT_TYPES: Partial<Record<RecordingEvent['type'], [number, string, number]>> = {
  error: [1, 'cloud_recording_error', 0],
  statusUpdated: [3, 'cloud_recording_status_update', 0],
  sessionExit: [11, 'session_exit', 0],
  failover: [12, 'session_failover', 0],
  uploaderStarted: [30, 'uploader_started', 2],
  uploaded: [31, 'uploaded', 2],
  backedUp: [32, 'backuped', 2],
  uploadProgress: [33, 'uploading_progress', 2],
  recorderStarted: [40, 'recorder_started', 1],
  recorderLeft: [41, 'recorder_leave', 1],
  sliceStarted: [42, 'recorder_slice_start', 1],
  streamChanged: [44, 'recorder_video_stream_state_changed', 1],
  vodStarted: [60, 'vod_started', 4],
  webRecorderStarted: [70, 'web_recorder_started', 6],
  webRecorderStopped: [71, 'web_recorder_stopped', 6],
  cdnStatus: [100, 'rtmp_publish_status', 6],
};

let made = 0;

/**
 * A notification of `event`, `seconds` after the start, received 200 ms later.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#identity
 */
export function aNotice(seconds: number, event: RecordingEvent, told: Partial<Notice> = {}): Notice {
  const [eventType, eventName, serviceType] = EVENT_TYPES[event.type] ?? [999, 'event_999', 0];
  made += 1;
  const occurredMs = told.occurredMs ?? at(seconds);
  return {
    kind: 'notice',
    eventKey: made.toString(16).padStart(32, '0'),
    noticeId: null,
    appId: 'app',
    sid: SID,
    cname: 'lesson',
    uid: '1',
    eventType,
    eventName,
    serviceType,
    serviceScene: null,
    sequence: null,
    occurredMs,
    notifiedMs: null,
    receivedMs: unixMs(occurredMs + 200),
    event,
    ...told,
  };
}

export function aRegistration(told: Partial<Registration> = {}): Registration {
  return {
    kind: 'registration',
    sid: SID,
    appId: 'app',
    resourceId: 'resource',
    mode: 'mix',
    cname: 'lesson',
    uid: '1',
    startedMs: START,
    resourceExpiredHour: null,
    receivedMs: at(0.1),
    replaces: false,
    ...told,
  };
}

/** One answer, asked `seconds` after the start and answered 100 ms later. */
export function anObservation(seconds: number, outcome: QueryOutcome, told: Partial<Observation> = {}): Observation {
  const askedMs = at(seconds);
  const answeredMs = unixMs(askedMs + 100);
  return {
    kind: 'observation',
    sid: SID,
    askedMs,
    answeredMs,
    lastAskedMs: askedMs,
    lastAnsweredMs: answeredMs,
    count: 1,
    outcome,
    unbrokenSinceMs: null,
    ...told,
  };
}

/** @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes */
export function anAnswer(status: number | null, told: Partial<RecordingAnswer> = {}): QueryOutcome {
  const answer: RecordingAnswer = {
    status,
    cname: null,
    uid: null,
    sliceStartedMs: null,
    fileListMode: null,
    files: [],
    services: [],
    recordingService: null,
    ...told,
  };
  return { kind: 'answered', answer };
}

/** An output whose address is told by its id alone. */
export function anOutput(id: string, status: string | null): PushOutput {
  return { id, url: `rtmp://${id}.example.net/app/…`, status };
}

/** @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes */
export const NOT_FOUND: QueryOutcome = { kind: 'not_found' };

/** 404s at each of these seconds, each knowing the first of them that nothing interrupted. */
export function notFoundAt(...seconds: number[]): Observation[] {
  const unbrokenSinceMs = at(seconds[0] ?? 0);
  return seconds.map((second) => anObservation(second, NOT_FOUND, { unbrokenSinceMs }));
}

/** @see https://docs.agora.io/en/cloud-recording/rest-api/stop (read 2026-07); docs/agora.md#stop */
export function aStopAnswer(seconds: number, told: Partial<StopAnswer> = {}): StopAnswer {
  return {
    kind: 'stop_answer',
    sid: SID,
    receivedMs: at(seconds),
    stopped: true,
    code: null,
    uploadingStatus: null,
    files: [],
    ...told,
  };
}

/** A look into bucket `main`, asked `seconds` after the start and answered half a second later. */
export function aLook(seconds: number, outcome: LookOutcome, told: Partial<BucketLook> = {}): BucketLook {
  const askedMs = at(seconds);
  const answeredMs = unixMs(askedMs + 500);
  return { kind: 'bucket_look', sid: SID, bucket: 'main', folders: [''], askedMs, answeredMs, outcome, ...told };
}

export function listed(found: Partial<FoundFiles> = {}): LookOutcome {
  const nothing = { files: [], segments: { count: 0, bytes: 0 }, absent: [], isCut: false };
  return { kind: 'listed', found: { ...nothing, ...found } };
}

/** A playlist of `segments` segments of ten seconds each, of which the first `missing` are not there. */
export function aPlaylist(segments: number, missing = 0): FoundFile {
  const hole = { atMs: START, offsetMs: 0, lengthMs: missing * 10_000, lost: true };
  return {
    name: `${SID}_lesson.m3u8`,
    size: 400,
    modifiedMs: at(300),
    playlist: {
      segments,
      missing,
      missingNames: [],
      recordedMs: (segments - missing) * 10_000,
      fromMs: START,
      holes: missing === 0 ? [] : [hole],
    },
  };
}
