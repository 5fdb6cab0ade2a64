import { z } from 'zod';
import type { AnswerOf } from '../openapi/route.js';
import { flag, listOf, moment, next, oneOf, orNull, words } from './fields.js';

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

export const fileSchema = z
  .object({
    name: words('Its name in the storage, with its path.'),
    kind: oneOf('What it is, by the end of its name.', ['playlist', 'mp4', 'snapshot', 'other']),
    ...NAMED,
    firstSeenAt: moment('When the ledger first heard of it.'),
    sources: listOf('Who named it.', words('`notice:<eventType>`, `query` or `stop`.')),
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
