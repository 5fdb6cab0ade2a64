import type { SimulatedSession } from './simulated-session.js';

type Named = Pick<SimulatedSession, 'sid' | 'cname' | 'mode' | 'startMs' | 'failovers'>;

/**
 * Agora's names: `bak<n>_` after the n-th move, counted from 0.
 * @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#files
 */
export function playlistName({ sid, cname, mode }: Named, recorder: number): string {
  const prefix = recorder === 0 ? '' : `bak${String(recorder - 1)}_`;
  if (mode === 'individual') return `${prefix}${sid}_${cname}__uid_s_57297__uid_e_video.m3u8`;
  if (mode === 'raw') return `${prefix}${sid}_${cname}__uid_s_57297__uid_e_h264.m3u8`;
  return `${prefix}${sid}_${cname}.m3u8`;
}

/** The files of every recorder that the session has had, as 31 and 71 list them. */
export function fileList(session: Named): Record<string, unknown>[] {
  return Array.from({ length: session.failovers.length + 1 }, (_, recorder) => ({
    fileName: playlistName(session, recorder),
    trackType: 'audio_and_video',
    uid: session.mode === 'mix' || session.mode === 'web' ? '0' : '57297',
    mixedAllUser: session.mode === 'mix',
    isPlayable: true,
    sliceStartTime: Math.round(session.startMs),
  }));
}
