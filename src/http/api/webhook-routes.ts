import { z } from 'zod';
import { findEndpoint, listEndpoints } from '../../db/webhooks/endpoints.js';
import { notFound, ProblemError } from '../problem.js';
import {
  deliverySchema,
  redriveSchema,
  webhookPage,
  webhookSchema,
  webhookWithSecret,
} from './answers/webhook-schema.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { pageParameters, readCursor, storableText, writeCursor } from './parse-request.js';
import { newWebhook, redriveBody, webhookChanges } from './webhook-bodies.js';
import { listLog } from './webhook-log-route.js';
import { deliveryResponse, webhookResponse } from './webhook-response.js';

const route = routesFor<ServedContext>();

const endpointPath = { id: storableText.min(1).max(64).meta({ description: 'The id of the endpoint.' }) };
const endpointPlace = z.object({ createdMs: z.number().int(), id: z.string() });

const UNKNOWN = { 404: 'No such endpoint is known.' };
const REFUSED = { 422: 'The URL may not be called, or the secret is none.' };
const NO_KEY = { 503: 'No secrets can be kept: the detail says which key is missing.' };

type Refusal = { kind: 'refused' | 'no_key'; why: string };

function problemOf({ kind, why }: Refusal): ProblemError {
  if (kind === 'refused') return new ProblemError({ status: 422, title: 'The endpoint is refused', detail: why });
  return new ProblemError({ status: 503, title: 'Secrets cannot be kept', detail: why });
}

function unknown(id: string): ProblemError {
  return notFound(`No endpoint ${id} is known.`);
}

const createWebhook = route({
  method: 'post',
  path: '/v1/webhooks',
  id: 'createWebhook',
  tag: 'webhooks',
  role: 'write',
  summary: 'Make an endpoint',
  description: 'Versions that are made from now on are posted to it. Its secret is in this answer and in no other.',
  body: newWebhook,
  answers: { 201: { description: 'Made.', schema: webhookWithSecret } },
  problems: { ...REFUSED, ...NO_KEY },
  handle: async ({ webhooks }, { body: { url, description, types, appIds, secret } }) => {
    const created = await webhooks.create({
      url,
      description: description ?? null,
      types: types ?? null,
      appIds: appIds ?? null,
      secret: secret ?? null,
    });
    if (created.kind !== 'done') throw problemOf(created);
    return { status: 201, body: { ...webhookResponse(created.endpoint), secret: created.secret } };
  },
});

const listWebhooks = route({
  method: 'get',
  path: '/v1/webhooks',
  id: 'listWebhooks',
  tag: 'webhooks',
  role: 'read',
  summary: 'Endpoints',
  description: 'All endpoints, the oldest first.',
  query: pageParameters,
  answers: { 200: { description: 'A page of endpoints.', schema: webhookPage } },
  handle: async ({ db }, { query: { limit, cursor } }) => {
    const found = await listEndpoints(db.pool, readCursor(endpointPlace, cursor), limit);
    const last = found.length === limit ? found.at(-1) : undefined;
    const next = last === undefined ? null : writeCursor({ createdMs: last.createdMs, id: last.id });
    return { status: 200, body: { webhooks: found.map(webhookResponse), next } };
  },
});

const readWebhook = route({
  method: 'get',
  path: '/v1/webhooks/{id}',
  id: 'readWebhook',
  tag: 'webhooks',
  role: 'read',
  summary: 'An endpoint',
  description: 'An endpoint, and how it fares.',
  pathParameters: endpointPath,
  answers: { 200: { description: 'The endpoint.', schema: webhookSchema } },
  problems: UNKNOWN,
  handle: async ({ db }, { path: { id } }) => {
    const found = await findEndpoint(db.pool, id);
    if (found === null) throw unknown(id);
    return { status: 200, body: webhookResponse(found) };
  },
});

const changeWebhook = route({
  method: 'patch',
  path: '/v1/webhooks/{id}',
  id: 'changeWebhook',
  tag: 'webhooks',
  role: 'write',
  summary: 'Change an endpoint',
  description: 'What is left out stays as it is. Other filters count from its place in the feed on.',
  pathParameters: endpointPath,
  body: webhookChanges,
  answers: { 200: { description: 'Changed.', schema: webhookSchema } },
  problems: { ...UNKNOWN, ...REFUSED },
  handle: async ({ webhooks }, { path: { id }, body }) => {
    const { url, description, types, appIds } = body;
    const changed = await webhooks.change(id, {
      ...(url === undefined ? {} : { url }),
      ...(description === undefined ? {} : { description }),
      ...(types === undefined ? {} : { types }),
      ...(appIds === undefined ? {} : { appIds }),
    });
    if (changed === null) throw unknown(id);
    if ('kind' in changed) throw problemOf(changed);
    return { status: 200, body: webhookResponse(changed) };
  },
});

const deleteWebhook = route({
  method: 'delete',
  path: '/v1/webhooks/{id}',
  id: 'deleteWebhook',
  tag: 'webhooks',
  role: 'write',
  summary: 'Delete an endpoint',
  description: 'With it goes all that waits for it, and its log.',
  pathParameters: endpointPath,
  answers: { 204: { description: 'Deleted.', schema: null } },
  problems: UNKNOWN,
  handle: async ({ webhooks }, { path: { id } }) => {
    if (!(await webhooks.remove(id))) throw unknown(id);
    return { status: 204, body: null };
  },
});

const rotateSecret = route({
  method: 'post',
  path: '/v1/webhooks/{id}/rotate-secret',
  id: 'rotateWebhookSecret',
  tag: 'webhooks',
  role: 'write',
  summary: 'A new secret',
  description: 'For 24 hours deliveries are signed with both, the new one and the one before.',
  pathParameters: endpointPath,
  answers: { 200: { description: 'The endpoint with its new secret.', schema: webhookWithSecret } },
  problems: { ...UNKNOWN, ...NO_KEY },
  handle: async ({ webhooks }, { path: { id } }) => {
    const rotated = await webhooks.rotateSecret(id);
    if (rotated === null) throw unknown(id);
    if (rotated.kind !== 'done') throw problemOf(rotated);
    return { status: 200, body: { ...webhookResponse(rotated.endpoint), secret: rotated.secret } };
  },
});

const testWebhook = route({
  method: 'post',
  path: '/v1/webhooks/{id}/test',
  id: 'testWebhook',
  tag: 'webhooks',
  role: 'write',
  summary: 'Send a test',
  description: 'Sends `webhook.test`, whatever types the endpoint wants. What came of it is in its deliveries.',
  pathParameters: endpointPath,
  answers: { 202: { description: 'It is sent.', schema: deliverySchema } },
  problems: UNKNOWN,
  handle: async ({ webhooks }, { path: { id } }) => {
    const delivery = await webhooks.sendTest(id);
    if (delivery === null) throw unknown(id);
    return { status: 202, body: deliveryResponse(delivery) };
  },
});

function stateRoute(verb: 'pause' | 'resume', id: string, summary: string, description: string) {
  return route({
    method: 'post',
    path: `/v1/webhooks/{id}/${verb}`,
    id,
    tag: 'webhooks',
    role: 'write',
    summary,
    description,
    pathParameters: endpointPath,
    answers: { 200: { description: 'The endpoint as it is now.', schema: webhookSchema } },
    problems: UNKNOWN,
    handle: async ({ webhooks }, { path }) => {
      const endpoint = await webhooks.setState(path.id, verb === 'pause' ? 'paused' : 'active');
      if (endpoint === null) throw unknown(path.id);
      return { status: 200, body: webhookResponse(endpoint) };
    },
  });
}

const redriveWebhook = route({
  method: 'post',
  path: '/v1/webhooks/{id}/redrive',
  id: 'redriveWebhook',
  tag: 'webhooks',
  role: 'write',
  summary: 'Deliver again',
  description:
    'What is parked, or with `from` everything from a place in the feed on, goes out again, each with the same webhook-id as before.',
  pathParameters: endpointPath,
  body: redriveBody,
  takesNoBody: true,
  answers: { 202: { description: 'It goes out again.', schema: redriveSchema } },
  problems: UNKNOWN,
  handle: async ({ webhooks }, { path: { id }, body: { from } }) => {
    const redriven = await webhooks.redrive(id, from ?? null);
    if (redriven === null) throw unknown(id);
    return { status: 202, body: redriven };
  },
});

export const webhookRoutes = [
  createWebhook,
  listWebhooks,
  readWebhook,
  changeWebhook,
  deleteWebhook,
  rotateSecret,
  testWebhook,
  stateRoute('pause', 'pauseWebhook', 'Pause an endpoint', 'Deliveries wait until it is resumed.'),
  stateRoute('resume', 'resumeWebhook', 'Resume an endpoint', 'What waited goes out, from where it was paused.'),
  listLog,
  redriveWebhook,
];
