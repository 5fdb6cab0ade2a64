import { z } from 'zod';
import { DELIVERY_STATES, listDeliveries } from '../../db/webhooks/deliveries.js';
import { findEndpoint } from '../../db/webhooks/endpoints.js';
import { notFound } from '../problem.js';
import { deliveryPage } from './answers/webhook-schema.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { pageParameters, readCursor, storableText, wordsText, writeCursor } from './parse-request.js';
import { deliveryResponse } from './webhook-response.js';

const route = routesFor<ServedContext>();

const deliveryPlace = z.object({ atMs: z.number().int(), id: z.string() });

/** What an endpoint was sent, waits for, and did not take. */
export const listLog = route({
  method: 'get',
  path: '/v1/webhooks/{id}/deliveries',
  id: 'listDeliveries',
  tag: 'webhooks',
  role: 'read',
  summary: 'The deliveries of an endpoint',
  description:
    'What waits for its next try, what is parked, and the newest of what was delivered; the newest first. What has not been tried yet is in the change feed alone.',
  pathParameters: { id: storableText.min(1).max(64).meta({ description: 'The id of the endpoint.' }) },
  query: { ...pageParameters, state: wordsText('In one of these states.', DELIVERY_STATES).optional() },
  answers: { 200: { description: 'A page of deliveries.', schema: deliveryPage } },
  problems: { 404: 'No such endpoint is known.' },
  handle: async ({ db }, { path: { id }, query: { limit, cursor, state } }) => {
    const before = readCursor(deliveryPlace, cursor);
    const found = await listDeliveries(db.pool, id, state ?? DELIVERY_STATES, before, limit);
    if (found.length === 0 && (await findEndpoint(db.pool, id)) === null) throw notFound(`No endpoint ${id} is known.`);
    const last = found.length === limit ? found.at(-1) : undefined;
    const next = last === undefined ? null : writeCursor({ atMs: last.atMs, id: last.id });
    return { status: 200, body: { deliveries: found.map(deliveryResponse), next } };
  },
});
