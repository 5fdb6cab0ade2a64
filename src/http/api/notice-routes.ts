import { z } from 'zod';
import { eventName } from '../../agora/event-names.js';
import { noticeKeyOf } from '../../agora/parse-notification.js';
import { findDelivery, listDeliveries, type StoredDelivery } from '../../db/evidence/deliveries.js';
import type { NoticePosition } from '../../db/evidence/notice-pages.js';
import { loadSessions } from '../../db/sessions/sessions.js';
import { iso, type UnixMs } from '../../evidence/instant.js';
import { notFound } from '../problem.js';
import { noticePage, noticeSchema, type NoticeAnswer } from './answers/notice-schema.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import {
  instant,
  instantNumber,
  pageParameters,
  readCursor,
  sidText,
  storableText,
  writeCursor,
} from './parse-request.js';
import { rawBody } from './raw-body.js';

const route = routesFor<ServedContext>();

/** A page holds no more of bodies than this, be there fewer of them than was asked for. */
const MOST_BYTES = 4_194_304;

const noticePlace = z.object({ receivedMs: instantNumber, eventKey: z.guid() });

const listNotices = route({
  method: 'get',
  path: '/v1/sessions/{sid}/notices',
  id: 'listNotices',
  tag: 'evidence',
  role: 'read',
  summary: 'Notifications as they came',
  description:
    'The notifications of a session in order of receipt, with bodies as they came and every redelivery. A page holds at most 4 MiB of bodies.',
  pathParameters: { sid: sidText },
  query: {
    ...pageParameters,
    receivedFrom: instant('Those alone that first came at this moment or later; not with a cursor.').optional(),
  },
  answers: { 200: { description: 'A page of notifications.', schema: noticePage } },
  problems: { 404: 'No such session is known.' },
  handle: async ({ db }, { path: { sid }, query: { limit, cursor, receivedFrom }, mayWrite }) => {
    const after = positionOf(readCursor(noticePlace, cursor)) ?? positionBefore(receivedFrom);
    const page = await listDeliveries(db.pool, sid, after, { evidence: limit, bytes: MOST_BYTES });
    // Tests of the console are of no session, and have notices all the same.
    const isKnown = page.deliveries.length > 0 || (await loadSessions(db.pool, [sid])).has(sid);
    if (!isKnown) throw notFound(`No session ${sid} is known.`);
    const notices = page.deliveries.map((delivery) => noticeAnswer(mayWrite, delivery));
    return { status: 200, body: { notices, next: cursorOf(page.next) } };
  },
});

const readNotice = route({
  method: 'get',
  path: '/v1/notices/{noticeId}',
  id: 'readNotice',
  tag: 'evidence',
  role: 'read',
  summary: 'One notification as it came',
  description: "A notification by Agora's id of it, with its body as it came.",
  pathParameters: {
    noticeId: storableText.min(1).max(512).meta({ description: "Agora's id of the notification." }),
  },
  answers: { 200: { description: 'The notification.', schema: noticeSchema } },
  problems: { 404: 'None has come, or its body was dropped after `RETENTION_DAYS`.' },
  handle: async ({ db, identityScopes }, { path: { noticeId }, mayWrite }) => {
    const keys = identityScopes.map((scope) => noticeKeyOf(scope, noticeId));
    const found = await findDelivery(db.pool, keys);
    switch (found.kind) {
      case 'unknown':
        throw notFound(`No notification ${noticeId} has come.`);
      case 'dropped':
        throw notFound(
          `Notification ${noticeId} came at ${iso(found.receivedMs)}; its body was dropped after RETENTION_DAYS.`,
        );
      case 'kept':
        return { status: 200, body: noticeAnswer(mayWrite, found.delivery) };
    }
  },
});

/** What came for a session, as it came, in order of receipt. */
export const noticeRoutes = [listNotices, readNotice];

function positionOf(place: z.output<typeof noticePlace> | null): NoticePosition | null {
  return place === null ? null : { receivedAt: new Date(place.receivedMs), eventKey: place.eventKey };
}

/** Before every key of that moment. */
function positionBefore(receivedMs: UnixMs | undefined): NoticePosition | null {
  if (receivedMs === undefined) return null;
  return { receivedAt: new Date(receivedMs), eventKey: '00000000-0000-0000-0000-000000000000' };
}

function cursorOf(next: NoticePosition | null): string | null {
  return next === null ? null : writeCursor({ receivedMs: next.receivedAt.getTime(), eventKey: next.eventKey });
}

function noticeAnswer(mayWrite: boolean, delivery: StoredDelivery): NoticeAnswer {
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
    ...rawBody(mayWrite, raw),
  };
}
