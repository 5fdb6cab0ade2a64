import { Router } from 'express';
import { z } from 'zod';
import { listChanges } from '../../db/sessions/changes.js';
import type { ApiContext } from './api-context.js';
import { limitText, parse } from './parse-request.js';
import { sessionResponse } from './session-response.js';
import { iso } from './times.js';

/** Cursors of the feed are positions in it; 0 is before the first change. */
const feedQuery = z.object({
  after: z
    .string()
    .regex(/^\d{1,18}$/, 'must be a cursor of the feed')
    .default('0'),
  limit: limitText,
});

/** Every new version of every session once, in commit order. */
export function changeRoutes({ db, rules }: ApiContext): Router {
  const router = Router();
  router.get('/changes', async (request, response) => {
    const { after, limit } = parse(feedQuery, request.query, 'query');
    const changes = await listChanges(db.pool, after, limit);
    response.json({
      changes: changes.map(({ cursor, sid, version, atMs, session }) => ({
        cursor,
        sid,
        version,
        at: iso(atMs),
        session: sessionResponse({ session, version, updatedMs: atMs }, atMs, rules),
      })),
      next: changes.at(-1)?.cursor ?? after,
    });
  });
  return router;
}
