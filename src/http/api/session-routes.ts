import { Router } from 'express';
import { z } from 'zod';
import { findSession, listSessions } from '../../db/sessions/read-sessions.js';
import { CERTAINTIES, SESSION_OUTCOMES, SESSION_STATES } from '../../sessions/verdict/session.js';
import { notFound } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { answersNotModified } from './not-modified.js';
import {
  instantNumber,
  instantText,
  pageQuery,
  parse,
  readCursor,
  sidText,
  storableText,
  writeCursor,
} from './parse-request.js';
import { sessionResponse } from './session-response.js';
import { sessionAsOf } from './version-routes.js';

const filters = pageQuery.extend({
  appId: storableText.optional(),
  state: z.enum(SESSION_STATES).optional(),
  outcome: z.enum(SESSION_OUTCOMES).optional(),
  certainty: z.enum(CERTAINTIES).optional(),
  mode: z.enum(['individual', 'mix', 'web', 'raw']).optional(),
  cname: storableText.optional(),
  hasGaps: z
    .enum(['true', 'false'])
    .transform((word) => word === 'true')
    .optional(),
  startedFrom: instantText.optional(),
  startedTo: instantText.optional(),
  updatedAfter: instantText.optional(),
});

/** `asOf`: the session as the ledger knew it then. */
const sessionQuery = z.object({ asOf: instantText.optional() });

const positionShape = z.object({ createdMs: instantNumber, sid: sidText });

export function sessionRoutes({ db, now, rules }: ApiContext): Router {
  const router = Router();
  router.get('/sessions', async (request, response) => {
    const { limit, cursor, startedFrom, startedTo, updatedAfter, ...exact } = parse(filters, request.query, 'query');
    const times = { startedFromMs: startedFrom, startedToMs: startedTo, updatedAfterMs: updatedAfter };
    const after = readCursor(positionShape, cursor);
    const found = await listSessions(db, { ...exact, ...times }, { limit, after });
    const last = found.length === limit ? found.at(-1) : undefined;
    response.json({
      sessions: found.map((session) => sessionResponse(session, now(), rules)),
      next: last === undefined ? null : writeCursor({ createdMs: last.createdMs, sid: last.session.sid }),
    });
  });
  router.get('/sessions/:sid', async (request, response) => {
    const sid = parse(sidText, request.params.sid, 'session id');
    const { asOf } = parse(sessionQuery, request.query, 'query');
    const found = asOf === undefined ? await findSession(db, sid) : await sessionAsOf({ db }, sid, asOf);
    if (found === null) throw notFound(`No session ${sid} is known.`);
    if (answersNotModified(request, response, found.version)) return;
    response.json(sessionResponse(found, asOf ?? now(), rules));
  });
  return router;
}
