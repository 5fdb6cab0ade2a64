import type { FileMention } from './file-mention.js';
import type { UnixMs } from './instant.js';
import type { UploadingStatus } from './recording-event.js';

/**
 * What `stop` answered, as the service that called it passed it on.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/stop (read 2026-07); docs/agora.md#stop
 */
export type StopAnswer = {
  kind: 'stop_answer';
  sid: string;
  receivedMs: UnixMs;
  /** False for an error body: then the call stopped nothing. */
  stopped: boolean;
  code: number | null;
  uploadingStatus: UploadingStatus | null;
  files: readonly FileMention[];
};
