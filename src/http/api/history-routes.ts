import { z } from 'zod';
import { listFiles } from '../../db/sessions/session-files.js';
import { listObservations, loadNoticesOfTypes } from '../../db/evidence/session-history.js';
import { loadSessions, type StoredSession } from '../../db/sessions/sessions.js';
import { concludeGaps } from '../../sessions/views/conclude.js';
import { explain } from '../../sessions/views/explain.js';
import { inferences } from '../../sessions/views/inferences.js';
import { STREAM_EVENTS, streamHistory } from '../../sessions/views/streams.js';
import { notFound, ProblemError } from '../problem.js';
import { filePage } from './answers/file-schema.js';
import { explanationsSchema, gapPage, streamsSchema } from './answers/history-schema.js';
import { observationPage } from './answers/observation-schema.js';
import { timelinePage } from './answers/timeline-schema.js';
import type { ServedContext } from './api-context.js';
import { explanationResponse, fileResponse, gapResponse, streamsResponse } from './history-response.js';
import { routesFor } from './openapi/route.js';
import {
  instantNumber,
  nextOffset,
  offsetOf,
  pageOf,
  pageParameters,
  readCursor,
  sidText,
  storableText,
  writeCursor,
} from './parse-request.js';
import { observationResponse, timelineEntry } from './timeline-response.js';

const runPlace = z.object({ askedMs: instantNumber, id: z.string().regex(/^\d{1,18}$/) });

const route = routesFor<ServedContext>();

/** Of every endpoint here. */
const ofSession = {
  method: 'get',
  tag: 'history',
  role: 'read',
  pathParameters: { sid: sidText },
  problems: { 404: 'No such session is known.' },
} as const;

const readTimeline = route({
  ...ofSession,
  path: '/v1/sessions/{sid}/timeline',
  id: 'readTimeline',
  summary: 'All that is known to have happened',
  description:
    'Every known happening of the session in the order in which it happened, however it arrived, each with its source.',
  query: pageParameters,
  answers: { 200: { description: 'A page of the timeline.', schema: timelinePage } },
  handle: async (context, { path, query }) => {
    const { sid, facts, session } = await knownSession(context, path.sid);
    const { from, limit } = offsetOf(query);
    const folded = `${String(session.notices.events)} ${String(session.observations.count)}`;
    const history = { sid, folded, inferred: inferences(facts, context.rules) };
    const { entries, total } = await context.readTimelinePage(history, from, limit);
    return { status: 200, body: { timeline: entries.map(timelineEntry), next: nextOffset(from + limit, total) } };
  },
});

const listObservationsRoute = route({
  ...ofSession,
  path: '/v1/sessions/{sid}/observations',
  id: 'listObservations',
  summary: 'What queries told',
  description: 'What queries about the session told, oldest first. Equal answers in a row are one observation.',
  query: pageParameters,
  answers: { 200: { description: 'A page of observations.', schema: observationPage } },
  handle: async (context, { path, query: { limit, cursor } }) => {
    const { sid } = await knownSession(context, path.sid);
    const page = await listObservations(context.db.pool, sid, readCursor(runPlace, cursor), limit);
    const last = page.length === limit ? page.at(-1) : undefined;
    const observations = page.map(({ observation }) => observationResponse(observation));
    return { status: 200, body: { observations, next: last === undefined ? null : writeCursor(last.position) } };
  },
});

const listFilesRoute = route({
  ...ofSession,
  path: '/v1/sessions/{sid}/files',
  id: 'listFiles',
  summary: 'Recorded files',
  description: 'The recorded files of the session by name, as all sources together describe them.',
  query: pageParameters,
  answers: { 200: { description: 'A page of files.', schema: filePage } },
  handle: async (context, { path, query: { limit, cursor } }) => {
    const { sid, session, facts } = await knownSession(context, path.sid);
    const after = readCursor(z.object({ name: storableText }), cursor)?.name ?? '';
    const files = await listFiles(context.db.pool, sid, after, limit);
    const last = files.length === limit ? files.at(-1) : undefined;
    const next = last === undefined ? null : writeCursor({ name: last.name });
    const storage = session.storage ?? null;
    return { status: 200, body: { files: files.map((file) => fileResponse(file, storage, facts.looks)), next } };
  },
});

const listGaps = route({
  ...ofSession,
  path: '/v1/sessions/{sid}/gaps',
  id: 'listGaps',
  summary: 'Missing sequence numbers',
  description: 'Sequence numbers of notifications that did not come in their turn, and how each run was settled.',
  query: pageParameters,
  answers: { 200: { description: 'A page of gaps.', schema: gapPage } },
  handle: async (context, { path, query }) => {
    const { facts } = await knownSession(context, path.sid);
    const { page, next } = pageOf(concludeGaps(facts, context.rules), query);
    return { status: 200, body: { gaps: page.map(gapResponse), next } };
  },
});

/** What one answer tells of: an hour in which somebody speaks or falls silent every second. */
const MOST_STREAM_EVENTS = 5_000;

const readStreams = route({
  ...ofSession,
  path: '/v1/sessions/{sid}/streams',
  id: 'readStreams',
  summary: 'Who was recorded when',
  description: 'Whose audio and video was received when, in which slices, and when nothing was recorded.',
  answers: { 200: { description: 'Streams, slices and interruptions.', schema: streamsSchema } },
  problems: { ...ofSession.problems, 422: 'There are more than 5,000 of them: the timeline has them in pages.' },
  handle: async (context, { path }) => {
    const { sid } = await knownSession(context, path.sid);
    const told = await loadNoticesOfTypes(context.db.pool, sid, STREAM_EVENTS, MOST_STREAM_EVENTS + 1);
    if (told.length > MOST_STREAM_EVENTS) throw tooManyStreams(sid);
    return { status: 200, body: streamsResponse(streamHistory(told)) };
  },
});

const explainSession = route({
  ...ofSession,
  path: '/v1/sessions/{sid}/explain',
  id: 'explainSession',
  summary: 'Why it is as it is',
  description: 'Why the session is in its state: each fact, the evidence that it rests on, and the rule that decided.',
  answers: { 200: { description: 'The facts with their reasons.', schema: explanationsSchema } },
  handle: async (context, { path }) => {
    const { sid, facts, version } = await knownSession(context, path.sid);
    return { status: 200, body: { sid, version, facts: explain(facts, context.rules).map(explanationResponse) } };
  },
});

/** The history of one session: its timeline, files and gaps, and the explanation of its state. */
export const historyRoutes = [
  readTimeline,
  explainSession,
  listFilesRoute,
  listObservationsRoute,
  listGaps,
  readStreams,
];

function tooManyStreams(sid: string): ProblemError {
  return new ProblemError({
    status: 422,
    title: 'More than one answer can hold',
    detail: `More than ${String(MOST_STREAM_EVENTS)} notifications tell of streams and slices of session ${sid}: GET /v1/sessions/{sid}/timeline has them in pages.`,
  });
}

async function knownSession({ db }: Pick<ServedContext, 'db'>, sid: string): Promise<StoredSession> {
  const found = (await loadSessions(db.pool, [sid])).get(sid);
  if (found === undefined) throw notFound(`No session ${sid} is known.`);
  return found;
}
