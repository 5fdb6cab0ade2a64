import { Router } from 'express';
import { z } from 'zod';
import { findFirstVersion, findVersionAt, listVersions, type VersionEntry } from '../../db/sessions/changes.js';
import { findSession, type PublishedSession } from '../../db/sessions/read-sessions.js';
import type { UnixMs } from '../../evidence/instant.js';
import { notFound, ProblemError } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { pageQuery, parse, readCursor, sidText, writeCursor } from './parse-request.js';
import { iso } from './times.js';

const versionPlace = z.object({ version: z.number().int().min(1).max(2_147_483_647) });

/** The versions of a session: when each was made, what it changed, and why. */
export function versionRoutes({ db }: ApiContext): Router {
  const router = Router();
  router.get('/sessions/:sid/versions', async (request, response) => {
    const sid = parse(sidText, request.params.sid, 'session id');
    const { limit, cursor } = parse(pageQuery, request.query, 'query');
    const below = readCursor(versionPlace, cursor)?.version ?? null;
    const versions = await listVersions(db.pool, sid, below, limit);
    if (versions.length === 0 && (await findSession(db, sid)) === null) throw notFound(`No session ${sid} is known.`);
    const last = versions.length === limit ? versions.at(-1) : undefined;
    response.json({
      versions: versions.map(versionResponse),
      next: last === undefined || last.version === 1 ? null : writeCursor({ version: last.version }),
    });
  });
  return router;
}

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
