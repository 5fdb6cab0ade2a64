import { Router } from 'express';
import { z } from 'zod';
import { listFiles } from '../../db/sessions/session-files.js';
import { listObservations, loadNoticesOfTypes } from '../../db/evidence/session-history.js';
import { loadSessions, type StoredSession } from '../../db/sessions/sessions.js';
import { concludeGaps } from '../../sessions/views/conclude.js';
import { explain } from '../../sessions/views/explain.js';
import { inferences } from '../../sessions/views/inferences.js';
import { STREAM_EVENTS, streamHistory } from '../../sessions/views/streams.js';
import { notFound } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { explanationResponse, fileResponse, gapResponse, streamsResponse } from './history-response.js';
import {
  instantNumber,
  nextOffset,
  pageOf,
  pageQuery,
  parse,
  offsetOf,
  readCursor,
  sidText,
  storableText,
  writeCursor,
} from './parse-request.js';
import { createTimelinePages } from './timeline-pages.js';
import { observationResponse, timelineEntry } from './timeline-response.js';

const runPlace = z.object({ askedMs: instantNumber, id: z.string().regex(/^\d{1,18}$/) });

/** The history of one session: its timeline, files and gaps, and the explanation of its state. */
export function historyRoutes(context: ApiContext): Router {
  const { db, rules } = context;
  const router = Router();
  const readTimelinePage = createTimelinePages(db);
  router.get('/sessions/:sid/timeline', async (request, response) => {
    const { sid, facts, session } = await knownSession(context, request.params.sid);
    const { from, limit } = offsetOf(request.query);
    const folded = `${String(session.notices.events)} ${String(session.observations.count)}`;
    const history = { sid, folded, inferred: inferences(facts, rules) };
    const { entries, total } = await readTimelinePage(history, from, limit);
    response.json({ timeline: entries.map(timelineEntry), next: nextOffset(from + limit, total) });
  });
  router.get('/sessions/:sid/observations', async (request, response) => {
    const { sid } = await knownSession(context, request.params.sid);
    const { limit, cursor } = parse(pageQuery, request.query, 'query');
    const page = await listObservations(db.pool, sid, readCursor(runPlace, cursor), limit);
    const last = page.length === limit ? page.at(-1) : undefined;
    response.json({
      observations: page.map(({ observation }) => observationResponse(observation)),
      next: last === undefined ? null : writeCursor(last.position),
    });
  });
  router.get('/sessions/:sid/files', async (request, response) => {
    const { sid } = await knownSession(context, request.params.sid);
    const { limit, cursor } = parse(pageQuery, request.query, 'query');
    const after = readCursor(z.object({ name: storableText }), cursor)?.name ?? '';
    const files = await listFiles(db.pool, sid, after, limit);
    const last = files.length === limit ? files.at(-1) : undefined;
    response.json({
      files: files.map(fileResponse),
      next: last === undefined ? null : writeCursor({ name: last.name }),
    });
  });
  router.get('/sessions/:sid/gaps', async (request, response) => {
    const { facts } = await knownSession(context, request.params.sid);
    const { page, next } = pageOf(concludeGaps(facts, rules), request.query);
    response.json({ gaps: page.map(gapResponse), next });
  });
  router.get('/sessions/:sid/streams', async (request, response) => {
    const { sid } = await knownSession(context, request.params.sid);
    const told = await loadNoticesOfTypes(db.pool, sid, STREAM_EVENTS);
    response.json(streamsResponse(streamHistory(told)));
  });
  router.get('/sessions/:sid/explain', async (request, response) => {
    const { sid, facts, version } = await knownSession(context, request.params.sid);
    response.json({ sid, version, facts: explain(facts, rules).map(explanationResponse) });
  });
  return router;
}

async function knownSession({ db }: ApiContext, given: unknown): Promise<StoredSession> {
  const sid = parse(sidText, given, 'session id');
  const found = (await loadSessions(db.pool, [sid])).get(sid);
  if (found === undefined) throw notFound(`No session ${sid} is known.`);
  return found;
}
