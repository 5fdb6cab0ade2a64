import { Router, type Response } from 'express';
import { z } from 'zod';
import { eventName } from '../../agora/event-names.js';
import { noticeKeyOf } from '../../agora/parse-notification.js';
import { findDelivery, listDeliveries, type StoredDelivery } from '../../db/evidence/deliveries.js';
import type { NoticePosition } from '../../db/evidence/notice-pages.js';
import { loadSessions } from '../../db/sessions/sessions.js';
import { notFound } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { instantNumber, pageQuery, parse, readCursor, sidText, storableText, writeCursor } from './parse-request.js';
import { rawBody, type RawBody } from './raw-body.js';
import { iso } from './times.js';

/** A page holds no more of bodies than this, be there fewer of them than was asked for. */
const MOST_BYTES = 4_194_304;

const noticePlace = z.object({ receivedMs: instantNumber, eventKey: z.guid() });
const noticeIdText = storableText.min(1).max(512);

/** A notification as Agora sent it. */
export type NoticeResponse = RawBody & {
  noticeId: string | null;
  appId: string;
  /** Null where it is of another product than recording. */
  sid: string | null;
  productId: number | null;
  eventType: number;
  /** The event's name; null where it is of another product. */
  kind: string | null;
  sequence: number | null;
  serviceType: number | null;
  uid: string | null;
  isTest: boolean;
  occurredAt: string;
  receivedAt: string;
  /** How often it came, the first time included. */
  deliveries: number;
  /** When it came again, and under which noticeId; the first 100 times. */
  redeliveries: readonly { receivedAt: string; noticeId: string | null }[];
};

/** What came for a session, as it came, in order of receipt. */
export function noticeRoutes({ db, identityScopes }: ApiContext): Router {
  const router = Router();
  router.get('/sessions/:sid/notices', async (request, response) => {
    const sid = parse(sidText, request.params.sid, 'session id');
    const { limit, cursor } = parse(pageQuery, request.query, 'query');
    const after = positionOf(readCursor(noticePlace, cursor));
    const page = await listDeliveries(db.pool, sid, after, { evidence: limit, bytes: MOST_BYTES });
    // Tests of the console are of no session, and have notices all the same.
    const isKnown = page.deliveries.length > 0 || (await loadSessions(db.pool, [sid])).has(sid);
    if (!isKnown) throw notFound(`No session ${sid} is known.`);
    const notices: NoticeResponse[] = page.deliveries.map((delivery) => noticeResponse(response, delivery));
    response.json({ notices, next: cursorOf(page.next) });
  });
  router.get('/notices/:noticeId', async (request, response) => {
    const noticeId = parse(noticeIdText, request.params.noticeId, 'notice id');
    const found = await findDelivery(
      db.pool,
      identityScopes.map((scope) => noticeKeyOf(scope, noticeId)),
    );
    switch (found.kind) {
      case 'unknown':
        throw notFound(`No notification ${noticeId} has come.`);
      case 'dropped':
        throw notFound(
          `Notification ${noticeId} came at ${iso(found.receivedMs)}; its body was dropped after RETENTION_DAYS.`,
        );
      case 'kept':
        response.json(noticeResponse(response, found.delivery));
    }
  });
  return router;
}

function positionOf(place: z.output<typeof noticePlace> | null): NoticePosition | null {
  return place === null ? null : { receivedAt: new Date(place.receivedMs), eventKey: place.eventKey };
}

function cursorOf(next: NoticePosition | null): string | null {
  return next === null ? null : writeCursor({ receivedMs: next.receivedAt.getTime(), eventKey: next.eventKey });
}

function noticeResponse(response: Response, delivery: StoredDelivery): NoticeResponse {
  const { sid, productId, eventType, occurredMs, receivedMs, raw, again, eventKey: _, ...rest } = delivery;
  const isRecording = sid !== '';
  return {
    ...rest,
    sid: isRecording ? sid : null,
    productId,
    eventType,
    kind: isRecording ? eventName(eventType) : null,
    occurredAt: iso(occurredMs),
    receivedAt: iso(receivedMs),
    redeliveries: again.map((one) => ({ receivedAt: iso(one.receivedMs), noticeId: one.noticeId })),
    ...rawBody(response, raw),
  };
}
