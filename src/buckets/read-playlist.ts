import HLS from 'hls-parser';
import { unixMs, type UnixMs } from '../evidence/instant.js';

/** A segment as a playlist lists it. `startMs`: where the playlist tells the time. */
export type PlaylistSegment = { uri: string; durationMs: number; startMs: UnixMs | null };

HLS.setOptions({ silent: true });

/** A playlist's segments in their order; null for what is no playlist of segments. */
export function readPlaylist(text: string): readonly PlaylistSegment[] | null {
  if (!/^\uFEFF?#EXTM3U/.test(text)) return null;
  try {
    const playlist = HLS.parse(text);
    if (playlist.isMasterPlaylist) return null;
    return playlist.segments.map(({ uri, duration, programDateTime }) => ({
      uri,
      durationMs: duration * 1000,
      startMs: programDateTime === undefined ? null : unixMs(programDateTime.getTime()),
    }));
  } catch {
    return null; // the parser throws at what it cannot make sense of
  }
}
