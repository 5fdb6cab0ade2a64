import { readPlaylist } from '../../../src/buckets/read-playlist.js';

/** As Agora's page shows one. @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#storage */
const AUDIO = `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-ALLOW-CACHE:YES
#EXT-X-TARGETDURATION:18
#EXT-X-DISCONTINUITY
#EXT-X-AGORA-TRACK-EVENT:EVENT=START,TRACK_TYPE=AUDIO,TIME=20190920125142289
#EXTINF:15.019000
s_c__uid_s_123__uid_e_audio_20190920125142289.ts
#EXTINF:12.523000,
s_c__uid_s_123__uid_e_audio_20190920125157307.ts
#EXT-X-ENDLIST
`;

describe('a playlist', () => {
  it('is read as Agora writes it, with the comma after the length and without', () => {
    expect(readPlaylist(AUDIO)).toEqual([
      { uri: 's_c__uid_s_123__uid_e_audio_20190920125142289.ts', durationMs: 15_019, startMs: null },
      { uri: 's_c__uid_s_123__uid_e_audio_20190920125157307.ts', durationMs: 12_523, startMs: null },
    ]);
  });

  it('tells the time of segments where it has it', () => {
    const dated = AUDIO.replace('#EXTINF:15', '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T10:00:00.5Z\n#EXTINF:15');
    expect(readPlaylist(dated)?.[0]?.startMs).toBe(Date.UTC(2026, 0, 1, 10, 0, 0, 500));
  });

  it.each([
    [''],
    ['<Error><Code>NoSuchKey</Code></Error>'],
    ['#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8'],
    ['#EXTM3U\nstray.ts'],
  ])('is none where it is %j', (text) => {
    expect(readPlaylist(text)).toBeNull();
  });

  it('may have no segment yet', () => {
    expect(readPlaylist('#EXTM3U\n#EXT-X-TARGETDURATION:15\n')).toEqual([]);
  });
});
