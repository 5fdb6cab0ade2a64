import { bareMention, type FileMention } from '../evidence/file-mention.js';
import { keptName } from './kept-name.js';
import { parseJson } from './parse-notification.js';
import { flagIn, instantIn, isObject, storable, textIn, type LooseObject } from './read-fields.js';

/**
 * Whose files they are: a file's name is `[folders/][bak<n>_]<sid>_<cname>…`.
 * @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#files
 */
export type NamedFor = { sid: string; cname: string | null };

/** The session is unknown; then names are assumed to contain no separator. */
const ANYBODY: NamedFor = { sid: '', cname: null };

/**
 * A `fileList` in every documented form: an array of objects, an array of names, one name, several
 * joined by `;`, or JSON inside a string.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#files
 * @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#files
 */
export function readFiles(fileList: unknown, of: NamedFor = ANYBODY): readonly FileMention[] {
  if (typeof fileList === 'string') return filesOfText(fileList.trim(), of);
  if (!Array.isArray(fileList)) return [];
  return fileList.flatMap((entry: unknown) => {
    if (typeof entry === 'string') return filesOfText(entry.trim(), of);
    return isObject(entry) ? readFile(entry) : [];
  });
}

function filesOfText(text: string, of: NamedFor): readonly FileMention[] {
  if (text === '') return [];
  const inside = text.startsWith('[') || text.startsWith('{') ? parseJson(text) : undefined;
  if (Array.isArray(inside)) return inside.flatMap((entry) => (isObject(entry) ? readFile(entry) : []));
  if (isObject(inside)) return readFile(inside);
  return namesIn(text, of).map((name) => fileNamed(storable(name)));
}

/**
 * Names joined by `;`, which a channel name may hold too: then a new one begins only where a part looks
 * like the beginning of one.
 */
function namesIn(text: string, { sid, cname }: NamedFor): readonly string[] {
  const parts = text.split(';');
  if (cname?.includes(';') !== true) return parts.filter((name) => name !== '');
  const names: string[] = [];
  for (const part of parts) {
    const last = names.length - 1;
    if (last < 0 || beginsName(part, sid)) names.push(part);
    else names[last] = `${names[last] ?? ''};${part}`;
  }
  return names.map((name) => name.replace(/^;+|;+$/g, '')).filter((name) => name !== '');
}

function beginsName(part: string, sid: string): boolean {
  const name = part.slice(part.lastIndexOf('/') + 1);
  return name.replace(/^bak\d+_/, '').startsWith(sid);
}

function readFile(entry: LooseObject): readonly FileMention[] {
  const name = textIn(entry, 'fileName', 'filename');
  if (name === null) return [];
  return [
    {
      name: keptName(name),
      trackType: trackTypeOf(textIn(entry, 'trackType')),
      uid: textIn(entry, 'uid'),
      mixedAllUser: flagIn(entry, 'mixedAllUser'),
      playable: flagIn(entry, 'isPlayable'),
      sliceStartedMs: instantIn(entry, 'sliceStartTime'),
      videoId: textIn(entry, 'videoId'),
    },
  ];
}

/** @see https://docs.agora.io/en/cloud-recording/develop/manage-files (read 2026-07); docs/agora.md#files */
export function fileNamed(name: string): FileMention {
  return bareMention(keptName(name));
}

function trackTypeOf(word: string | null): FileMention['trackType'] {
  return word === 'audio' || word === 'video' || word === 'audio_and_video' ? word : null;
}
