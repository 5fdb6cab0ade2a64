import { iso } from '../../evidence/instant.js';
import { z } from 'zod';
import { listQuarantined, type QuarantinedBody } from '../../db/evidence/quarantine.js';
import { quarantinePage, replaySchema, type QuarantinedAnswer } from './answers/notice-schema.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { flagText, pageParameters, readCursor, writeCursor } from './parse-request.js';
import { rawBody } from './raw-body.js';
import { isoOrNull } from './times.js';

const route = routesFor<ServedContext>();

const bodyPlace = z.object({ id: z.string().regex(/^\d{1,18}$/) });

const listQuarantine = route({
  method: 'get',
  path: '/v1/quarantine',
  id: 'listQuarantine',
  tag: 'evidence',
  role: 'read',
  summary: 'Bodies that could not be taken in',
  description: 'Bodies with a valid signature that could not be read, newest first, as they came and with the reason.',
  query: {
    ...pageParameters,
    waiting: flagText('Whether to show those alone that were not taken in since.').default(false),
  },
  answers: { 200: { description: 'A page of bodies.', schema: quarantinePage } },
  handle: async ({ db }, { query: { limit, cursor, waiting }, mayWrite }) => {
    const before = readCursor(bodyPlace, cursor)?.id ?? null;
    const { bodies, next } = await listQuarantined(db.pool, before, limit, waiting);
    const quarantine = bodies.map((body) => quarantinedAnswer(mayWrite, body));
    return { status: 200, body: { quarantine, next: cursorOf(next) } };
  },
});

const replayQuarantine = route({
  method: 'post',
  path: '/v1/quarantine/replay',
  id: 'replayQuarantine',
  tag: 'evidence',
  role: 'write',
  summary: 'Try them again',
  description: 'Takes in what can be read now, oldest first, `limit` at a time; `next` goes on from there.',
  query: pageParameters,
  answers: { 200: { description: 'What came of it.', schema: replaySchema } },
  handle: async ({ writes }, { query: { limit, cursor } }) => {
    const after = readCursor(bodyPlace, cursor)?.id ?? '0';
    const { taken, unreadable, next } = await writes.replayQuarantine(after, limit);
    const stay = [...unreadable].map(([reason, count]) => ({ reason, count }));
    return { status: 200, body: { taken, stay, next: cursorOf(next) } };
  },
});

/** What was signed and nobody could read: shown as it came, and taken in once it can be read. */
export const quarantineRoutes = [listQuarantine, replayQuarantine];

function cursorOf(id: string | null): string | null {
  return id === null ? null : writeCursor({ id });
}

function quarantinedAnswer(mayWrite: boolean, body: QuarantinedBody): QuarantinedAnswer {
  const { id, appId, reason, receivedMs, replayedMs, raw } = body;
  return {
    id,
    appId,
    reason,
    receivedAt: iso(receivedMs),
    replayedAt: isoOrNull(replayedMs),
    bytes: raw.length,
    ...rawBody(mayWrite, raw),
  };
}
