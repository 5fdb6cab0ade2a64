import { z } from 'zod';
import { findFirstVersion, findVersionAt, listVersions, type VersionEntry } from '../../db/sessions/changes.js';
import { findSession, type PublishedSession } from '../../db/sessions/read-sessions.js';
import type { UnixMs } from '../../evidence/instant.js';
import { notFound, ProblemError } from '../problem.js';
import { count, listOf, moment, next, oneOf, words } from './answers/fields.js';
import type { ServedContext } from './api-context.js';
import { routesFor, type AnswerOf } from './openapi/route.js';
import { pageParameters, readCursor, sidText, writeCursor } from './parse-request.js';
import { iso } from './times.js';

const versionPlace = z.object({ version: z.number().int().min(1).max(2_147_483_647) });

const becauseSchema = z.object({
  source: oneOf('Who told.', ['notice', 'query', 'registration', 'stop', 'inference']),
  kind: words('What: the name of its entry in the timeline.'),
  at: moment('When that happened.'),
  receivedAt: moment('When the ledger was told.'),
});

const versionSchema = z
  .object({
    version: count('Its number.'),
    at: moment('When it was made.'),
    cursor: words('Its place in the change feed.'),
    changed: listOf('What differs from the version before.', words('A path in the session, such as `endedAt.at`.')),
    because: listOf('The evidence that led to it, at most 20 pieces, newest last.', becauseSchema),
  })
  .meta({ id: 'Version', description: 'A version of a session, without the session itself.' });

type VersionAnswer = AnswerOf<typeof versionSchema>;

const versionPage = z
  .object({ versions: listOf('Versions, newest first.', versionSchema), next })
  .meta({ id: 'VersionPage', description: "A page of a session's versions." });

const listVersionsRoute = routesFor<ServedContext>()({
  method: 'get',
  path: '/v1/sessions/{sid}/versions',
  id: 'listVersions',
  tag: 'history',
  role: 'read',
  summary: 'Its versions',
  description: 'When each version was made, what it changed, and the evidence that led to it; newest first.',
  pathParameters: { sid: sidText },
  query: pageParameters,
  answers: { 200: { description: 'A page of versions.', schema: versionPage } },
  problems: { 404: 'No such session is known.' },
  handle: async ({ db }, { path: { sid }, query: { limit, cursor } }) => {
    const below = readCursor(versionPlace, cursor)?.version ?? null;
    const versions = await listVersions(db.pool, sid, below, limit);
    if (versions.length === 0 && (await findSession(db, sid)) === null) throw notFound(`No session ${sid} is known.`);
    const last = versions.length === limit ? versions.at(-1) : undefined;
    const isLast = last === undefined || last.version === 1;
    const body = {
      versions: versions.map(versionResponse),
      next: isLast ? null : writeCursor({ version: last.version }),
    };
    return { status: 200, body };
  },
});

/** The versions of a session: when each was made, what it changed, and why. */
export const versionRoutes = [listVersionsRoute];

function versionResponse({ version, atMs, cursor, changed, because }: VersionEntry): VersionAnswer {
  return {
    version,
    at: iso(atMs),
    cursor,
    changed,
    because: because.map(({ source, kind, atMs: at, receivedMs }) => ({
      source,
      kind,
      at: iso(at),
      receivedAt: iso(receivedMs),
    })),
  };
}

/** The session as the ledger knew it then. */
export async function sessionAsOf(
  { db }: Pick<ServedContext, 'db'>,
  sid: string,
  asOfMs: UnixMs,
): Promise<Omit<PublishedSession, 'createdMs'>> {
  const found = await findVersionAt(db.pool, sid, asOfMs);
  if (found !== null) return { session: found.session, version: found.version, updatedMs: found.atMs };
  const first = await findFirstVersion(db.pool, sid);
  if (first !== null && first > 1) throw notKept(sid, asOfMs);
  throw notFound(`Nothing was known of session ${sid} at ${iso(asOfMs)}.`);
}

function notKept(sid: string, asOfMs: UnixMs): ProblemError {
  return new ProblemError({
    status: 410,
    title: 'Not kept any more',
    detail: `What was known of session ${sid} at ${iso(asOfMs)} is older than versions are kept (CHANGES_DAYS).`,
  });
}
