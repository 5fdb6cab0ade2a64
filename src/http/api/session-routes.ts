import { countSessions, listSessions } from '../../db/sessions/list-sessions.js';
import { findSession } from '../../db/sessions/read-sessions.js';
import { notFound } from '../problem.js';
import { sessionPage, sessionSchema } from './answers/session-schema.js';
import type { ServedContext } from './api-context.js';
import { isKnownVersion, tagOfVersion } from './not-modified.js';
import { routesFor } from './openapi/route.js';
import { instant, pageParameters, sidText } from './parse-request.js';
import { readFilters, readPosition, sessionFilters, sessionOrder, writePosition } from './session-filters.js';
import { sessionResponse } from './session-response.js';
import { sessionAsOf } from './version-routes.js';

const route = routesFor<ServedContext>();

const findSessions = route({
  method: 'get',
  path: '/v1/sessions',
  id: 'listSessions',
  tag: 'sessions',
  role: 'read',
  summary: 'Sessions',
  description:
    'Sessions that fit every filter. Of several values of one filter, separated by commas, any may fit. A page begins where the one before ended, whatever has come and gone between.',
  query: { ...sessionFilters, ...sessionOrder, ...pageParameters },
  answers: { 200: { description: 'A page of sessions.', schema: sessionPage } },
  handle: async (context, { query: { limit, cursor, order, count, ...asked } }) => {
    const { db, now, rules } = context;
    const filters = readFilters(asked, context);
    const after = readPosition(order, cursor);
    const found = await listSessions(db.pool, filters, { limit, order, after });
    const counted = count ? { count: await countSessions(db.pool, filters) } : {};
    const sessions = found.map((session) => sessionResponse(session, now(), rules));
    const last = found.length === limit ? found.at(-1) : undefined;
    return {
      status: 200,
      body: { sessions, next: last === undefined ? null : writePosition(last.position), ...counted },
    };
  },
});

const TAG = { ETag: 'The version, as a weak tag.' };

const readSession = route({
  method: 'get',
  path: '/v1/sessions/{sid}',
  id: 'readSession',
  tag: 'sessions',
  role: 'read',
  summary: 'One session',
  description:
    'The session as all its evidence has it. `If-None-Match` with the tag of an answer is 304 while that version is the last.',
  pathParameters: { sid: sidText },
  query: { asOf: instant('The session as the ledger knew it at this moment.').optional() },
  answers: {
    200: { description: 'The session.', schema: sessionSchema, headers: TAG },
    304: { description: 'The version is the one of `If-None-Match`.', schema: null, headers: TAG },
  },
  problems: {
    404: 'No such session is known, or none was at that moment.',
    410: 'What was known at that moment is not kept any more.',
  },
  handle: async ({ db, now, rules }, { path: { sid }, query: { asOf }, headers: asked }) => {
    const found = asOf === undefined ? await findSession(db, sid) : await sessionAsOf({ db }, sid, asOf);
    if (found === null) throw notFound(`No session ${sid} is known.`);
    const headers = { ETag: tagOfVersion(found.version) };
    if (isKnownVersion(asked['if-none-match'], found.version)) return { status: 304, body: null, headers };
    return { status: 200, body: sessionResponse(found, asOf ?? now(), rules), headers };
  },
});

export const sessionRoutes = [findSessions, readSession];
