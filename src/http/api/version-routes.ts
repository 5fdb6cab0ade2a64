import { z } from 'zod';
import { findFirstVersion, findVersionAt, listVersions, type VersionEntry } from '../../db/sessions/changes.js';
import { findSession, type PublishedSession } from '../../db/sessions/read-sessions.js';
import { iso, type UnixMs } from '../../evidence/instant.js';
import { notFound, ProblemError } from '../problem.js';
import { versionPage } from './answers/version-schema.js';
import type { ApiContext, ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { pageParameters, readCursor, sidText, writeCursor } from './parse-request.js';

const versionPosition = z.object({ version: z.number().int().min(1).max(2_147_483_647) });

const route = routesFor<ServedContext>();

const readVersions = route({
  method: 'get',
  path: '/v1/sessions/{sid}/versions',
  id: 'listVersions',
  tag: 'history',
  role: 'read',
  summary: 'The versions of a session',
  description: 'When each version was made, what it changed, and the evidence that led to it; the newest first.',
  pathParameters: { sid: sidText },
  query: pageParameters,
  answers: { 200: { description: 'A page of versions.', schema: versionPage } },
  problems: { 404: 'No such session is known.' },
  handle: async ({ db }, { path: { sid }, query: { limit, cursor } }) => {
    const below = readCursor(versionPosition, cursor)?.version ?? null;
    const versions = await listVersions(db.pool, sid, below, limit);
    if (versions.length === 0 && (await findSession(db, sid)) === null) throw notFound(`No session ${sid} is known.`);
    const last = versions.length === limit ? versions.at(-1) : undefined;
    const next = last === undefined || last.version === 1 ? null : writeCursor({ version: last.version });
    return { status: 200, body: { versions: versions.map(versionResponse), next } };
  },
});

export const versionRoutes = [readVersions];

function versionResponse({ version, atMs, cursor, changed, because }: VersionEntry) {
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
  { db }: Pick<ApiContext, 'db'>,
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
