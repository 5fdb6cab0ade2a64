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
    feed: words('Which feed this is. Another one, such as that of a restored backup, has other cursors.'),
  })
  .meta({ id: 'ChangePage', description: 'A part of the change feed.' });
