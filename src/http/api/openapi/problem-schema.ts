import { z } from 'zod';
import { count, listOf, words } from '../answers/fields.js';

/** What `../../problem.ts` sends. */
export const problemSchema = z
  .object({
    type: words('What kind of problem it is: `about:blank`, for which the status says it all.'),
    status: count('The status of the answer.'),
    title: words('What is wrong, the same for every problem of its kind.'),
    detail: words('What is wrong with this request.').optional(),
    errors: listOf(
      'Everything that is wrong with a part of the request.',
      z.object({ at: words('The parameter or the field; empty for the whole.'), message: words('What is wrong.') }),
    ).optional(),
    fields: listOf('Fields that contradict what is known.', words('The name of a field.')).optional(),
    feed: words('Of the change feed: which one this is.').optional(),
    begin: words('Of the change feed: the cursor from which on nothing is missing.').optional(),
  })
  .meta({ id: 'Problem', description: 'An error document as RFC 9457 has it.' });
