import { z } from 'zod';
import { count, listOf, moment, words } from './fields.js';
import { sessionSchema } from './session-schema.js';

const changeSchema = z
  .object({
    cursor: words('Its place in the feed, a decimal number that rises.'),
    sid: words("Agora's id of the recording."),
    version: count('The version of the session.'),
    at: moment('When that version was made.'),
    session: sessionSchema,
  })
  .meta({ id: 'Change', description: 'A new version of a session, as it was in that version.' });

export const changePage = z
  .object({
    changes: listOf('The changes after the cursor, in commit order.', changeSchema),
    next: words('Where to go on: never null.'),
    feed: words('Which feed this is. A database that was restored from a backup has another one.'),
  })
  .meta({ id: 'ChangePage', description: 'A part of the change feed.' });
