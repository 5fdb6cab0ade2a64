import { z } from 'zod';
import { findSession, listSessions } from '../../db/sessions/read-sessions.js';
import { notFound } from '../problem.js';
import { sessionPage, sessionSchema } from './answers/session-schema.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { instantNumber, pageParameters, readCursor, sidText, writeCursor } from './parse-request.js';
import { readFilters, sessionFilters } from './session-filters.js';
import { sessionResponse } from './session-response.js';

const route = routesFor<ServedContext>();

const positionShape = z.object({ createdMs: instantNumber, sid: sidText });

const findSessions = route({
  method: 'get',
  path: '/v1/sessions',
  id: 'listSessions',
  tag: 'sessions',
  role: 'read',
  summary: 'Sessions',
  description: 'Sessions that fit every filter, newest first: by when the ledger first heard of them.',
  query: { ...sessionFilters, ...pageParameters },
  answers: { 200: { description: 'A page of sessions.', schema: sessionPage } },
  handle: async ({ db, now, rules }, { query: { limit, cursor, ...filters } }) => {
    const after = readCursor(positionShape, cursor);
    const found = await listSessions(db, readFilters(filters), { limit, after });
    const last = found.length === limit ? found.at(-1) : undefined;
    const sessions = found.map((session) => sessionResponse(session, now(), rules));
    const next = last === undefined ? null : writeCursor({ createdMs: last.createdMs, sid: last.session.sid });
    return { status: 200, body: { sessions, next } };
  },
});

const readSession = route({
  method: 'get',
  path: '/v1/sessions/{sid}',
  id: 'readSession',
  tag: 'sessions',
  role: 'read',
  summary: 'One session',
  description: 'The session as all its evidence has it.',
  pathParameters: { sid: sidText },
  answers: { 200: { description: 'The session.', schema: sessionSchema } },
  problems: { 404: 'No such session is known.' },
  handle: async ({ db, now, rules }, { path: { sid } }) => {
    const found = await findSession(db, sid);
    if (found === null) throw notFound(`No session ${sid} is known.`);
    return { status: 200, body: sessionResponse(found, now(), rules) };
  },
});

export const sessionRoutes = [findSessions, readSession];
