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

/** A file of which nothing is known but its name. */
export function bareMention(name: string): FileMention {
  return {
    name,
    trackType: null,
    uid: null,
    mixedAllUser: null,
    playable: null,
    sliceStartedMs: null,
    videoId: null,
  };
}
