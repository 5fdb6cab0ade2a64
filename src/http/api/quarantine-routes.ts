import { Router, type Response } from 'express';
import { z } from 'zod';
import { listQuarantined, type QuarantinedBody } from '../../db/evidence/quarantine.js';
import type { ApiContext } from './api-context.js';
import { pageQuery, parse, readCursor, writeCursor } from './parse-request.js';
import { rawBody, type RawBody } from './raw-body.js';
import { iso, isoOrNull } from './times.js';

const quarantineQuery = pageQuery.extend({
  /** `true`: those alone that were not taken in since. */
  waiting: z
    .enum(['true', 'false'])
    .transform((word) => word === 'true')
    .default(false),
});
const bodyPlace = z.object({ id: z.string().regex(/^\d{1,18}$/) });

/** A body whose signature was right and that is in no session. */
export type QuarantinedResponse = RawBody & {
  id: string;
  appId: string;
  reason: string;
  receivedAt: string;
  /** When it was taken in after all; null while it waits. */
  replayedAt: string | null;
  bytes: number;
};

/** `stay`: what still cannot be taken in, by why. `next`: with it the next call goes on; null at the end. */
export type ReplayResponse = {
  taken: number;
  stay: readonly { reason: string; count: number }[];
  next: string | null;
};

/** What was signed and nobody could read: shown as it came, and taken in once it can be read. */
export function quarantineRoutes({ db, writes }: ApiContext): Router {
  const router = Router();
  router.get('/quarantine', async (request, response) => {
    const { limit, cursor, waiting } = parse(quarantineQuery, request.query, 'query');
    const before = readCursor(bodyPlace, cursor)?.id ?? null;
    const { bodies, next } = await listQuarantined(db.pool, before, limit, waiting);
    const quarantine: QuarantinedResponse[] = bodies.map((body) => quarantinedResponse(response, body));
    response.json({ quarantine, next: next === null ? null : writeCursor({ id: next }) });
  });
  router.post('/quarantine/replay', async (request, response) => {
    const { limit, cursor } = parse(pageQuery, request.query, 'query');
    const after = readCursor(bodyPlace, cursor)?.id ?? '0';
    const { taken, unreadable, next } = await writes.replayQuarantine(after, limit);
    const stay = [...unreadable].map(([reason, count]) => ({ reason, count }));
    const answer: ReplayResponse = { taken, stay, next: next === null ? null : writeCursor({ id: next }) };
    response.json(answer);
  });
  return router;
}

function quarantinedResponse(response: Response, body: QuarantinedBody): QuarantinedResponse {
  const { id, appId, reason, receivedMs, replayedMs, raw } = body;
  return {
    id,
    appId,
    reason,
    receivedAt: iso(receivedMs),
    replayedAt: isoOrNull(replayedMs),
    bytes: raw.length,
    ...rawBody(response, raw),
  };
}
