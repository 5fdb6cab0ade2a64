import type { FileMention } from './file-mention.js';
import type { PushOutput } from './push-output.js';
import type { UnixMs } from './instant.js';

/**
 * What one notification says happened, in our words and units. One member for each event type of
 * Agora's "Webhooks" page (and of the older and community sources named there);
 * what no source describes is `unknown` and kept by its number.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export type RecordingEvent =
  | {
      type: 'error';
      module: number | null;
      level: number | null;
      code: number | null;
      stat: number | null;
      message: string | null;
    }
  | { type: 'warning'; module: number | null; code: number | null }
  | { type: 'statusUpdated'; status: number | null; files: readonly FileMention[] }
  | { type: 'fileInfos'; files: readonly FileMention[] }
  | { type: 'sessionExit'; exitStatus: number | null }
  | { type: 'failover'; newUid: string | null }
  | { type: 'highAvailabilityRegistered' }
  | { type: 'uploaderStarted'; status: number | null }
  | { type: 'uploaded'; status: number | null; uploadingStatus: UploadingStatus | null; files: readonly FileMention[] }
  | { type: 'backedUp'; status: number | null; uploadingStatus: UploadingStatus | null; files: readonly FileMention[] }
  | { type: 'uploadProgress'; progress: number | null } // 0..1, from Agora's 0..10000
  | { type: 'storageTokenExpired' }
  | { type: 'recorderStarted'; status: number | null }
  | { type: 'recorderLeft'; leaveCode: number | null } // a bit mask: sessions/findings/leave-reasons.ts
  | {
      type: 'sliceStarted';
      startedMs: UnixMs | null;
      discontinuedMs: UnixMs | null;
      mixedAllUser: boolean | null;
      streamUid: string | null;
      trackType: string | null;
    }
  | {
      type: 'streamChanged';
      media: 'audio' | 'video';
      streamUid: string | null;
      receiving: boolean | null;
      atMs: UnixMs | null;
    }
  | { type: 'snapshotTaken'; files: readonly FileMention[] }
  | { type: 'mediaInfoChanged'; media: 'audio' | 'video' }
  | { type: 'vodStarted'; videoId: string | null }
  | { type: 'vodTriggered' }
  | { type: 'webRecorderStarted'; startedMs: UnixMs | null; pageLoadedMs: UnixMs | null }
  | {
      type: 'webRecorderStopped';
      code: number | null;
      reason: string | null;
      text: string | null;
      files: readonly FileMention[];
    }
  | { type: 'webCapabilityLimit'; limit: string | null }
  | { type: 'webReloaded'; reason: string | null }
  | { type: 'transcoderStarted' }
  | { type: 'transcoderCompleted'; result: string | null; files: readonly FileMention[] }
  | {
      type: 'downloadFailed';
      vendor: string | null;
      region: string | null;
      bucket: string | null;
      fileNames: readonly string[];
    }
  | ({ type: 'cdnStatus' } & PushOutput)
  | { type: 'transcodeFinished'; result: string | null; files: readonly FileMention[] }
  /** `details` as Agora sent them, but for stream keys: there are no words of ours for them yet. */
  | { type: 'unknown'; details: Readonly<Record<string, unknown>> };

/**
 * How far an upload got, in the words of the `stop` page; `stranded` came with mode `raw`.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/stop (read 2026-07); docs/agora.md#stop
 */
export type UploadingStatus = 'uploaded' | 'backuped' | 'stranded' | 'unknown';
