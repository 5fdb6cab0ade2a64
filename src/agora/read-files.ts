import type { FileMention } from '../evidence/file-mention.js';
import { parseJson } from './parse-notification.js';
import { flagIn, instantIn, isObject, storable, textIn, type LooseObject } from './read-fields.js';

/** Longer than any; beside a session's id it still fits an index of Postgres, in any script. */
const LONGEST_NAME = 512;

/**
 * A `fileList` in every documented form: an array of objects, an array of names, one name, several
 * joined by `;`, or JSON inside a string.
 * @see docs/agora.md#files
 */
export function readFiles(fileList: unknown): readonly FileMention[] {
  if (typeof fileList === 'string') return filesOfText(fileList.trim());
  if (!Array.isArray(fileList)) return [];
  return fileList.flatMap((entry: unknown) => {
    if (typeof entry === 'string') return filesOfText(entry.trim());
    return isObject(entry) ? readFile(entry) : [];
  });
}

function filesOfText(text: string): readonly FileMention[] {
  if (text === '') return [];
  const inside = text.startsWith('[') || text.startsWith('{') ? parseJson(text) : undefined;
  if (Array.isArray(inside)) return inside.flatMap((entry) => (isObject(entry) ? readFile(entry) : [])); // prettier-ignore
  if (isObject(inside)) return readFile(inside);
  return text
    .split(';')
    .filter((name) => name !== '')
    .map((name) => fileNamed(storable(name)));
}

function readFile(entry: LooseObject): readonly FileMention[] {
  const name = textIn(entry, 'fileName', 'filename');
  if (name === null) return [];
  return [
    {
      name: cut(name),
      trackType: trackTypeOf(textIn(entry, 'trackType')),
      uid: textIn(entry, 'uid'),
      mixedAllUser: flagIn(entry, 'mixedAllUser'),
      playable: flagIn(entry, 'isPlayable'),
      sliceStartedMs: instantIn(entry, 'sliceStartTime'),
      videoId: textIn(entry, 'videoId'),
    },
  ];
}

export function fileNamed(name: string): FileMention {
  return {
    name: cut(name),
    trackType: null,
    uid: null,
    mixedAllUser: null,
    playable: null,
    sliceStartedMs: null,
    videoId: null,
  };
}

function cut(name: string): string {
  return name.slice(0, LONGEST_NAME).toWellFormed();
}

function trackTypeOf(word: string | null): FileMention['trackType'] {
  return word === 'audio' || word === 'video' || word === 'audio_and_video' ? word : null;
}
