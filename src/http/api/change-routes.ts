import { z } from 'zod';
import { listChanges } from '../../db/sessions/changes.js';
import { changePage } from './answers/change-schema.js';
import type { ServedContext } from './api-context.js';
import { WIRE } from './openapi/json-schemas.js';
import { routesFor } from './openapi/route.js';
import { limitText } from './parse-request.js';
import { sessionResponse } from './session-response.js';
import { iso } from './times.js';

const route = routesFor<ServedContext>();

/** Cursors of the feed are positions in it; 0 is before the first change. */
const after = z
  .string()
  .regex(/^\d{1,18}$/, 'must be a cursor of the feed')
  .default('0')
  .meta({
    description: 'The cursor of the last change that was seen; 0 from the beginning.',
    [WIRE]: { type: 'string', pattern: String.raw`^\d{1,18}$`, default: '0' },
  });

const readChanges = route({
  method: 'get',
  path: '/v1/changes',
  id: 'readChanges',
  tag: 'changes',
  role: 'read',
  summary: 'The change feed',
  description: 'Every new version of every session once, in commit order. Who goes on after `next` misses none.',
  query: { after, limit: limitText },
  answers: { 200: { description: 'What follows the cursor.', schema: changePage } },
  handle: async ({ db, rules }, { query }) => {
    const changes = await listChanges(db.pool, query.after, query.limit);
    const told = changes.map(({ cursor, sid, version, atMs, session }) => ({
      cursor,
      sid,
      version,
      at: iso(atMs),
      session: sessionResponse({ session, version, updatedMs: atMs }, atMs, rules),
    }));
    return { status: 200, body: { changes: told, next: changes.at(-1)?.cursor ?? query.after } };
  },
});

export const changeRoutes = [readChanges];
