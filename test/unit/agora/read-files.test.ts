import { decodeEvent } from '../../../src/agora/decode-event.js';
import { decodeStopAnswer } from '../../../src/agora/decode-stop-answer.js';
import { keptName } from '../../../src/agora/kept-name.js';
import { readAnswer } from '../../../src/agora/read-answer.js';
import { readFiles } from '../../../src/agora/read-files.js';
import { unixMs } from '../../../src/evidence/instant.js';

const SID = 'c0ffee00c0ffee00c0ffee00c0ffee00';

function namesIn(fileList: unknown, cname: string | null): string[] {
  return readFiles(fileList, { sid: SID, cname }).map(({ name }) => name);
}

describe('names joined by a semicolon', () => {
  const [first, second] = [`${SID}_a;b.m3u8`, `rec/x/bak0_${SID}_a;b.m3u8`];

  it('are split at each of them, where the channel name holds none', () => {
    for (const cname of ['lesson', null]) {
      expect(namesIn('a.ts;;b.ts;', cname)).toEqual(['a.ts', 'b.ts']);
    }
  });

  it('are split only where a name begins, where the channel name holds one', () => {
    expect(namesIn(first, 'a;b')).toEqual([first]);
    expect(namesIn(`${first};${second};${first}`, 'a;b')).toEqual([first, second, first]);
    expect(namesIn([`${second};`, first], 'a;b')).toEqual([second, first]);
    expect(namesIn('other;name.ts', 'a;b')).toEqual(['other;name.ts']);
  });

  it('are read so in notifications, answers of queries and of stops', () => {
    const told = { fileList: `${first};${second}` };
    const names = [{ name: first }, { name: second }];
    const of = { sid: SID, cname: 'a;b' };
    expect(decodeEvent(4, told, of)).toMatchObject({ files: names });
    expect(decodeEvent(90, { fileName: told.fileList }, of)).toMatchObject({ fileNames: [first, second] });
    expect(readAnswer({ ...of, serverResponse: told }).files).toMatchObject(names);
    expect(decodeStopAnswer(SID, { ...of, serverResponse: told }, unixMs(0)).files).toMatchObject(names);
  });
});

describe('a name as it is kept', () => {
  const bytes = (name: string): number => Buffer.byteLength(name);

  it('is whole up to what Agora allows a channel name, with its folder and ending', () => {
    const name = `${'f'.repeat(128)}/${SID}_${'語'.repeat(341)}__uid_s_4294967295__uid_e_video.m3u8`;
    expect(keptName(name)).toBe(name);
    expect(keptName('x'.repeat(1_536))).toBe('x'.repeat(1_536));
  });

  it('stays apart from others that begin alike, and keeps its extension', () => {
    for (const character of ['x', 'é', '語', '😀']) {
      const long = character.repeat(2_000);
      const [one, two] = [keptName(`${long}1.m3u8`), keptName(`${long}2.m3u8`)];
      expect(one).not.toBe(two);
      expect(one).toMatch(/~[0-9a-f]{32}\.m3u8$/);
      expect(one.slice(0, -38)).toBe(character.repeat(one.slice(0, -38).length / character.length));
      expect(bytes(one)).toBeLessThanOrEqual(1_536);
      expect(bytes(one)).toBeGreaterThan(1_532);
    }
  });
});
