import { countSessions, listSessions } from '../../db/sessions/list-sessions.js';
import { findSession } from '../../db/sessions/read-sessions.js';
import { notFound } from '../problem.js';
import { sessionPage, sessionSchema } from './answers/session-schema.js';
import type { ServedContext } from './api-context.js';
import { isNotModified, versionTag } from './not-modified.js';
import { routesFor } from './openapi/route.js';
import { instantText, pageParameters, sidText } from './parse-request.js';
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
    const { readOlder, now, rules } = context;
    const filters = readFilters(asked, context);
    const after = readPosition(order, cursor);
    const { found, counted } = await readOlder(async ({ pool }) => ({
      found: await listSessions(pool, filters, { limit, order, after }),
      counted: count ? { count: await countSessions(pool, filters) } : {},
    }));
    const sessions = found.map((session) => sessionResponse(session, now(), rules));
    const last = found.length === limit ? found.at(-1) : undefined;
    return {
      status: 200,
      body: { sessions, next: last === undefined ? null : writePosition(last.position), ...counted },
    };
  },
});

/** Counts move without a new version: so the tag is weak. */
const ETAG = { ETag: 'The version, as a weak tag.' };

const readSession = route({
  method: 'get',
  path: '/v1/sessions/{sid}',
  id: 'readSession',
  tag: 'sessions',
  role: 'read',
  summary: 'One session',
  description: 'The session as all its evidence has it, or with `asOf` as the ledger knew it then.',
  pathParameters: { sid: sidText },
  query: {
    asOf: instantText.optional().meta({ description: 'An instant: the newest version that was made by then.' }),
  },
  answers: {
    200: { description: 'The session.', schema: sessionSchema, headers: ETAG },
    304: { description: 'It is still the version of `If-None-Match`.', schema: null, headers: ETAG },
  },
  problems: { 404: 'No such session is known, or was then.', 410: 'What was known then is not kept any more.' },
  handle: async ({ db, now, rules }, { path: { sid }, query: { asOf }, headers }) => {
    const found = asOf === undefined ? await findSession(db, sid) : await sessionAsOf({ db }, sid, asOf);
    if (found === null) throw notFound(`No session ${sid} is known.`);
    const tag = versionTag(found.version);
    if (isNotModified(headers['if-none-match'], tag)) return { status: 304, body: null, headers: { ETag: tag } };
    return { status: 200, body: sessionResponse(found, asOf ?? now(), rules), headers: { ETag: tag } };
  },
});

export const sessionRoutes = [findSessions, readSession];
