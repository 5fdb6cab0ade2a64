import { Router } from 'express';
import { z } from 'zod';
import { listFiles } from '../../db/session-files.js';
import { loadEvidence } from '../../db/load-evidence.js';
import { loadSessions, type StoredSession } from '../../db/sessions.js';
import { explain } from '../../sessions/explain.js';
import { allGaps, type Gap } from '../../sessions/gaps.js';
import { inferences } from '../../sessions/inferences.js';
import { streamHistory } from '../../sessions/streams.js';
import { buildTimeline, type TimelineEntry } from '../../sessions/timeline.js';
import { notFound } from '../problem.js';
import type { ApiContext } from './api-context.js';
import {
  pageOf,
  pageQuery,
  parse,
  readCursor,
  sidText,
  storableText,
  writeCursor,
} from './parse-request.js';
import { iso, isoOrNull, withIsoTimes } from './times.js';

/** What is behind one session: its happenings, its files, its gaps, and why it is as it is. */
export function historyRoutes(context: ApiContext): Router {
  const { db, rules } = context;
  const router = Router();
  router.get('/sessions/:sid/timeline', async (request, response) => {
    const { sid, facts } = await knownSession(context, request.params.sid);
    const timeline = buildTimeline(await loadEvidence(db.pool, sid), inferences(facts, rules));
    const { page, next } = pageOf(timeline, request.query);
    response.json({ timeline: page.map(timelineEntry), next });
  });
  router.get('/sessions/:sid/observations', async (request, response) => {
    const { sid } = await knownSession(context, request.params.sid);
    const evidence = await loadEvidence(db.pool, sid);
    const observed = evidence.filter((piece) => piece.kind === 'observation');
    const { page, next } = pageOf(observed, request.query);
    response.json({ observations: page.map(observationResponse), next });
  });
  router.get('/sessions/:sid/files', async (request, response) => {
    const { sid } = await knownSession(context, request.params.sid);
    const { limit, cursor } = parse(pageQuery, request.query, 'query');
    const after = readCursor(z.object({ name: storableText }), cursor)?.name ?? '';
    const files = await listFiles(db.pool, sid, after, limit);
    const last = files.length === limit ? files.at(-1) : undefined;
    response.json({
      files: files.map(withIsoTimes),
      next: last === undefined ? null : writeCursor({ name: last.name }),
    });
  });
  router.get('/sessions/:sid/gaps', async (request, response) => {
    const { facts } = await knownSession(context, request.params.sid);
    const { page, next } = pageOf(allGaps(facts, rules), request.query);
    response.json({ gaps: page.map(gapResponse), next });
  });
  router.get('/sessions/:sid/streams', async (request, response) => {
    const { sid } = await knownSession(context, request.params.sid);
    response.json(withIsoTimes(streamHistory(await loadEvidence(db.pool, sid))));
  });
  router.get('/sessions/:sid/explain', async (request, response) => {
    const { sid, facts, version } = await knownSession(context, request.params.sid);
    response.json({ sid, version, facts: withIsoTimes(explain(facts, rules)) });
  });
  return router;
}

async function knownSession({ db }: ApiContext, given: unknown): Promise<StoredSession> {
  const sid = parse(sidText, given, 'session id');
  const found = (await loadSessions(db.pool, [sid])).get(sid);
  if (found === undefined) throw notFound(`No session ${sid} is known.`);
  return found;
}

function timelineEntry({ atMs, receivedMs, details, isRaw, ...entry }: TimelineEntry) {
  return {
    at: iso(atMs),
    ...entry,
    details: isRaw ? details : withIsoTimes(details),
    receivedAt: iso(receivedMs),
  };
}

function observationResponse({
  outcome,
  ...observed
}: {
  outcome: { kind: string };
  kind: string;
  sid: string;
}): unknown {
  const { kind: _kind, sid: _sid, ...times } = observed;
  const { kind, ...told } = outcome;
  return withIsoTimes({ outcome: kind, ...told, ...times });
}

function gapResponse({ revealedMs, settledMs, settledBy, missing, runs: _runs, ...gap }: Gap) {
  return {
    ...gap,
    count: missing,
    state: settledBy === null ? 'open' : 'settled',
    openedAt: iso(revealedMs),
    settledAt: isoOrNull(settledMs),
    settledBy,
  };
}
