import type { UnixMs } from './instant.js';

/**
 * One recorded file as one source named it. What that source left out is null.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#files
 */
export type FileMention = {
  name: string;
  trackType: 'audio' | 'video' | 'audio_and_video' | null;
  uid: string | null;
  mixedAllUser: boolean | null;
  playable: boolean | null;
  sliceStartedMs: UnixMs | null;
  videoId: string | null;
};
