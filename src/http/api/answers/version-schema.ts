import { z } from 'zod';
import { count, listOf, moment, next, words } from './fields.js';

const because = z.object({
  source: words('Where the evidence came from.'),
  kind: words('What it told.'),
  at: moment('When that happened.'),
  receivedAt: moment('When the ledger learned of it.'),
});

const versionSchema = z
  .object({
    version: count('Its number.'),
    at: moment('When it was made.'),
    cursor: words('Its place in the change feed.'),
    changed: listOf('The fields in which it differs from the version before.', words('The path of a field.')),
    because: listOf('The evidence that led to it.', because),
  })
  .meta({ id: 'Version', description: 'A version of a session.' });

export const versionPage = z
  .object({ versions: listOf('The versions, the newest first.', versionSchema), next })
  .meta({ id: 'VersionPage', description: 'A page of versions.' });
