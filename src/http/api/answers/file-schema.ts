import { z } from 'zod';
import type { AnswerOf } from '../openapi/route.js';
import { count, flag, listOf, moment, next, oneOf, orNull, words } from './fields.js';

const NAMED = {
  trackType: orNull(oneOf('What it holds.', ['audio', 'video', 'audio_and_video'])),
  uid: orNull(words('Whose media it holds; 0 where it is mixed.')),
  mixedAllUser: orNull(flag('Whether it holds all users, mixed.')),
  playable: orNull(flag('Whether it can be played.')),
  sliceStartedAt: orNull(moment('When the first of what it holds was recorded.')),
  videoId: orNull(words('Its id at the video platform that it went to.')),
};

/** A file as one source named it. */
export const fileMention = z
  .object({ name: words('Its name in the storage, with its path.'), ...NAMED })
  .meta({ id: 'FileMention', description: 'A recorded file as one source named it; null is what that one left out.' });

const storageObject = z
  .object({ bucket: orNull(words('The bucket.')), key: words('Its full name there.') })
  .meta({ id: 'StorageObject', description: 'A file in the storage.' });

const hole = z.object({
  from: orNull(moment('When it begins; null where nothing tells the time.')),
  to: orNull(moment('When it ends.')),
  lengthMs: count('How long it is, in milliseconds.'),
  lost: flag('Whether segments of it are missing; else nothing was recorded.'),
});

const storedFile = z
  .object({
    size: count('Its size in bytes.'),
    lastModified: moment('When it was last written.'),
    bucket: words("The bucket's name in the settings."),
  })
  .meta({ id: 'StoredFile', description: 'A file as the newest look into the bucket found it.' });

export const fileSchema = z
  .object({
    name: words('Its name in the storage, with its path.'),
    kind: oneOf('What it is, by the end of its name.', ['playlist', 'mp4', 'snapshot', 'other']),
    ...NAMED,
    firstSeenAt: moment('When the ledger first heard of it.'),
    stored: orNull(
      storedFile.meta({ description: 'As it lies in the bucket; null where it is not, or nobody looked.' }),
    ),
    complete: orNull(
      flag('Whether all segments of a playlist are in the bucket; null where that is not known, and of other files.'),
    ),
    recordedMs: orNull(
      count('The length of the segments that are there, in milliseconds; of a playlist that was read.'),
    ),
    missingSegments: listOf('Segments that it lists and that are not there, 20 at most.', words('A name.')),
    holes: listOf('Stretches of a playlist of which nothing is there, 100 at most.', hole),
    sources: listOf('Who named it.', words('`notice:<eventType>`, `query`, `stop` or `bucket`.')),
    object: storageObject
      .optional()
      .meta({ description: 'Where it lies once it is uploaded; where the `start` of its session was passed on.' }),
  })
  .meta({ id: 'File', description: 'A recorded file as all sources together describe it.' });

export type FileMentionAnswer = AnswerOf<typeof fileMention>;
export type FileAnswer = AnswerOf<typeof fileSchema>;

export const filePage = z
  .object({ files: listOf('The files of this page, by name.', fileSchema), next })
  .meta({ id: 'FilePage', description: "A page of a session's files." });
