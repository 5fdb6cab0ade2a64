import type { RecordingAnswer } from '../../evidence/observation.js';
import type { RecordingEvent } from '../../evidence/recording-event.js';

/** What one event or answer says about the state of the recording at its time. */
export type SignOfLife = {
  /** The session was alive at that moment. */
  life: boolean;
  /** Its recorder was at work. */
  recording: boolean;
  /** It was on its way out, though not gone. */
  stopping: boolean;
  /** A start event of its own: recorder, uploader or web recorder. */
  started: boolean;
  /** Strong enough to revoke an ending or a leave that happened before it. */
  live: boolean;
};

const NOTHING: SignOfLife = {
  life: false,
  recording: false,
  stopping: false,
  started: false,
  live: false,
};
const ALIVE: SignOfLife = { ...NOTHING, life: true };
const RECORDING: SignOfLife = { ...ALIVE, recording: true };
const STARTED: SignOfLife = { ...RECORDING, started: true, live: true };
const STOPPING: SignOfLife = { ...ALIVE, stopping: true };

/**
 * Errors and warnings prove nothing: "service start timeout" is one. Nor does what comes after the
 * end as a matter of course: uploads, transcoding, a stream that is no longer received.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 * Ours: docs/decisions/007-what-is-a-sign-of-life.md
 */
export function signOfEvent(event: RecordingEvent): SignOfLife {
  switch (event.type) {
    case 'recorderStarted':
      return isFailing(event.status) ? ALIVE : STARTED;
    case 'webRecorderStarted':
      return STARTED;
    case 'uploaderStarted':
      return { ...ALIVE, started: true };
    case 'sliceStarted':
    case 'snapshotTaken':
    case 'mediaInfoChanged':
    case 'fileInfos':
    case 'webReloaded':
    case 'cdnStatus':
      return RECORDING;
    case 'streamChanged':
      return event.receiving === false ? NOTHING : RECORDING;
    case 'statusUpdated':
      return signOfStatus(event.status);
    case 'webCapabilityLimit':
      return STOPPING;
    // A leave is kept with its recorder: after a failover it says nothing about the session.
    case 'recorderLeft':
    case 'webRecorderStopped':
      return ALIVE;
    case 'failover':
    case 'highAvailabilityRegistered':
    case 'uploadProgress':
    case 'vodStarted':
      return ALIVE;
    case 'error':
    case 'warning':
    case 'sessionExit':
    case 'uploaded':
    case 'backedUp':
    case 'storageTokenExpired':
    case 'vodTriggered':
    case 'transcoderStarted':
    case 'transcoderCompleted':
    case 'downloadFailed':
    case 'transcodeFinished':
    case 'unknown':
      return NOTHING;
  }
}

/**
 * The `status` of 30, 31, 32 and 40: 0 is normal, anything else is not.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export function isFailing(status: number | null): boolean {
  return status !== null && status !== 0;
}

/**
 * A 200 proves that a worker exists, even if its body says little; 8 and 20 say that it leaves. Web
 * recordings stay at status 4 while they wind down, so the state of the web recorder decides there.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 * Ours: docs/decisions/007-what-is-a-sign-of-life.md
 */
export function signOfAnswer(answer: RecordingAnswer): SignOfLife {
  const web = answer.services.find((service) => service.name === 'web_recorder_service');
  const word = answer.recordingService ?? web?.state ?? null;
  if (answer.status === null) return signOfWords(word);
  const leaves = web?.state === 'exit' && answer.status <= 5;
  return leaves ? STOPPING : signOfStatus(answer.status);
}

function signOfStatus(status: number | null): SignOfLife {
  if (status === null) return ALIVE;
  if (status === 8 || status === 20) return { ...NOTHING, stopping: true };
  if (status === 6 || status === 7) return STOPPING;
  if (status === 4 || status === 5) return { ...RECORDING, live: true };
  return { ...ALIVE, live: status >= 0 && status <= 3 };
}

/**
 * `subServiceStatus.recordingService` and the web recorder's `state`.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 */
function signOfWords(word: string | null): SignOfLife {
  switch (word) {
    case 'serviceInProgress':
    case 'inProgress':
      return { ...RECORDING, live: true };
    case 'serviceIdle':
    case 'serviceStarted':
    case 'serviceReady':
    case 'init':
      return { ...ALIVE, live: true };
    case 'serviceCompleted':
    case 'servicePartialCompleted':
    case 'serviceAbnormal':
    case 'exit':
      return STOPPING;
    default:
      return ALIVE;
  }
}
