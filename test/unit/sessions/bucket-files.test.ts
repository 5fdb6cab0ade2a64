import { unixMs } from '../../../src/evidence/instant.js';
import { belongsTo, foldersOf } from '../../../src/sessions/stored/belonging.js';
import { foundIn, objectsOf, playlistsAmong, type ListedObject } from '../../../src/sessions/stored/look-at-listing.js';
import { measurePlaylist, timeInName, type ListedSegment } from '../../../src/sessions/stored/measure-playlist.js';
import { SID } from '../../support/builders.js';

const STORAGE = { vendor: 1, region: 0, bucket: 'recordings', prefix: ['school', 'a'] };

function object(key: string, size = 10): ListedObject {
  return { key, size, modifiedMs: unixMs(1_000) };
}

describe('the folder of a session in a bucket', () => {
  it('is that of the files that were told of', () => {
    expect(foldersOf([`x/y/${SID}_l.m3u8`, `x/y/${SID}_l_0.mp4`], STORAGE, 'rec/')).toEqual(['x/y/']);
  });

  it('is otherwise that which start was told, and else that of the bucket', () => {
    expect(foldersOf([], STORAGE, 'rec/')).toEqual(['school/a/']);
    expect(foldersOf([], null, 'rec/')).toEqual(['rec/']);
    expect(foldersOf([], null, '')).toEqual(['']);
  });

  it('may be either where a file was told of without one', () => {
    expect(foldersOf([`${SID}_l.m3u8`], null, 'rec/')).toEqual(['', 'rec/']);
  });
});

describe('the files of a session', () => {
  it.each([
    [`${SID}_lesson.m3u8`, true],
    [`${SID}_lesson__uid_s_7__uid_e_audio.m3u8`, true],
    [`bak0_${SID}_lesson.m3u8`, true],
    [`bak12_${SID}_lesson.m3u8`, true],
    [`${SID}.m3u8`, true],
    [`${SID}_a & b=c/ü %2F.m3u8`, true],
    [`${SID}0_lesson.m3u8`, false],
    [`${SID}-b_lesson.m3u8`, false],
    [`x${SID}_lesson.m3u8`, false],
    [`bak_${SID}_lesson.m3u8`, false],
    [`bak0_${SID}1_lesson.m3u8`, false],
    [SID, false],
  ])('%s: %s', (name, isIts) => {
    expect(belongsTo(SID, 'rec/', `rec/${name}`)).toBe(isIts);
    expect(belongsTo(SID, 'other/', `rec/${name}`)).toBe(false);
  });

  it('are not taken from a thousand neighbours with longer names', () => {
    const neighbours = Array.from({ length: 1_000 }, (_, n) => object(`${SID}${n.toString(16)}_lesson.m3u8`));
    const own = [object(`${SID}_lesson.m3u8`), object(`bak0_${SID}_lesson.m3u8`)];
    expect(objectsOf(SID, [''], [...neighbours, ...own]).map(({ key }) => key)).toEqual([
      `bak0_${SID}_lesson.m3u8`,
      `${SID}_lesson.m3u8`,
    ]);
  });

  it('bear the names that others have told, and what was told and is not there is named', () => {
    const objects = [object(`rec/${SID}_l.m3u8`), object(`rec/${SID}_l_1.ts`, 5), object(`rec/${SID}_l_2.ts`, 6)];
    const told = [`${SID}_l.m3u8`, `${SID}_l_0.mp4`];
    expect(foundIn(objects, new Map(), ['', 'rec/'], told)).toEqual({
      files: [{ name: `${SID}_l.m3u8`, size: 10, modifiedMs: 1_000, playlist: null }],
      segments: { count: 2, bytes: 11 },
      absent: [`${SID}_l_0.mp4`],
      isCut: false,
    });
    expect(playlistsAmong(objects)).toHaveLength(1);
  });
});

function segment(uri: string, seconds: number): ListedSegment {
  return { uri, durationMs: seconds * 1000, startMs: null };
}

/** As Agora's page shows one. @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#storage */
const AUDIO = [
  segment('s_c__uid_s_1__uid_e_audio_20190920125142289.ts', 15.019),
  segment('s_c__uid_s_1__uid_e_audio_20190920125157307.ts', 15.019),
  segment('s_c__uid_s_1__uid_e_audio_20190920125212326.ts', 15.019),
  segment('s_c__uid_s_1__uid_e_audio_20190920125227345.ts', 15.019),
  segment('s_c__uid_s_1__uid_e_audio_20190920125242363.ts', 12.523),
];

describe('a playlist', () => {
  it('is whole if the bucket holds all its segments', () => {
    expect(measurePlaylist('a/p.m3u8', AUDIO, (key) => key.startsWith('a/s_c__'))).toEqual({
      segments: 5,
      missing: 0,
      missingNames: [],
      recordedMs: 72_599,
      fromMs: Date.UTC(2019, 8, 20, 12, 51, 42, 289),
      holes: [],
    });
  });

  it('has one hole where two neighbours are missing', () => {
    const gone = AUDIO.slice(1, 3).map(({ uri }) => uri);
    const found = measurePlaylist('p.m3u8', AUDIO, (key) => !gone.includes(key));
    expect(found).toMatchObject({ missing: 2, missingNames: gone, recordedMs: 42_561 });
    const atMs = Date.UTC(2019, 8, 20, 12, 51, 57, 307);
    expect(found.holes).toEqual([{ atMs, offsetMs: 15_018, lengthMs: 30_038, lost: true }]);
  });

  it('has a hole where nothing was recorded, though nothing of it is missing', () => {
    const segments = [segment('a_20260101100000000.ts', 10), segment('a_20260101100030000.ts', 10)];
    const { missing, holes } = measurePlaylist('p.m3u8', segments, () => true);
    expect(missing).toBe(0);
    expect(holes).toEqual([{ atMs: Date.UTC(2026, 0, 1, 10, 0, 10), offsetMs: 10_000, lengthMs: 20_000, lost: false }]);
  });

  it('places a hole by the lengths before it where no name tells the time', () => {
    const segments = [segment('0.ts', 4), segment('1.ts', 4), segment('2.ts', 4)];
    const { holes, fromMs } = measurePlaylist('p.m3u8', segments, (key) => key !== '1.ts');
    expect(fromMs).toBeNull();
    expect(holes).toEqual([{ atMs: null, offsetMs: 4_000, lengthMs: 4_000, lost: true }]);
  });

  it.each(['x%20y.ts', './x y.ts', 'x y.ts?token=1', 'x%2.ts'])('finds the segment of %s', (uri) => {
    const there = ['f/x y.ts', 'f/x%2.ts'];
    expect(measurePlaylist('f/p.m3u8', [segment(uri, 1)], (key) => there.includes(key)).missing).toBe(0);
  });

  it.each(['a_2026.ts', 'a_20261301100000000.ts', 'a_20260101250000000.ts', 'a.ts'])('reads no time in %s', (uri) => {
    expect(timeInName(uri)).toBeNull();
  });
});
