import { z } from 'zod';
import { count, listOf, oneOf, orNull, words } from './answers/fields.js';
import type { HealthContext } from './api-context.js';
import { routesFor } from './openapi/route.js';

const route = routesFor<HealthContext>();

const ofService = { method: 'get', tag: 'status', role: 'none' } as const;

const isAlive = route({
  ...ofService,
  path: '/healthz',
  id: 'isAlive',
  summary: 'Liveness',
  description: 'Answers as long as the process runs.',
  answers: {
    200: {
      description: 'It runs.',
      schema: z.object({ status: oneOf('`ok`.', ['ok']) }).meta({ id: 'Liveness', description: 'That it runs.' }),
    },
  },
  handle: () => ({ status: 200, body: { status: 'ok' } }),
});

const readinessSchema = z
  .object({
    status: oneOf('Whether this process serves.', ['ready', 'not ready']),
    obstacles: listOf('What is in the way of serving; empty where nothing is.', words('One obstacle.')),
    warnings: listOf('What a person should look into, though this process serves.', words('One warning.')),
    spool: orNull(
      z
        .object({ entries: count('Notifications.'), bytes: count('Their size, in bytes.') })
        .meta({ description: 'Notifications that wait for Postgres; null in a process that receives none.' }),
    ),
  })
  .meta({ id: 'Readiness', description: 'Whether a process serves.' });

const isReady = route({
  ...ofService,
  path: '/readyz',
  id: 'isReady',
  summary: 'Readiness',
  description: 'Whether this process can do its work.',
  answers: {
    200: { description: 'It can.', schema: readinessSchema },
    503: { description: 'It cannot; `obstacles` says why.', schema: readinessSchema },
  },
  handle: async ({ readReadiness }) => {
    const readiness = await readReadiness();
    if (readiness.obstacles.length > 0) return { status: 503, body: { status: 'not ready', ...readiness } };
    return { status: 200, body: { status: 'ready', ...readiness } };
  },
});

const readMetrics = route({
  ...ofService,
  path: '/metrics',
  id: 'readMetrics',
  summary: 'Metrics for Prometheus',
  description: 'What this process counts.',
  answers: {
    200: {
      description: 'In the text format of Prometheus.',
      schema: words('The metrics.'),
      mediaTypes: ['text/plain'],
    },
  },
  handle: async ({ metrics }, _request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    return null;
  },
});

const placesSchema = z
  .object({
    sessions: words('The sessions.'),
    changes: words('The change feed.'),
    summary: words('Counts and health.'),
    metrics: words('Metrics for Prometheus.'),
    ready: words('Readiness.'),
    docs: words('This API, to read.'),
    openapi: words('This API, as an OpenAPI document.'),
  })
  .meta({ id: 'Places', description: 'Where everything is.' });

/** An index of addresses; of the API alone. */
export const placesRoute = route({
  ...ofService,
  path: '/',
  id: 'findPlaces',
  summary: 'Where everything is',
  description: 'The paths to begin with, for who asks for JSON; everybody else gets the page.',
  answers: { 200: { description: 'The paths.', schema: placesSchema } },
  handle: () => ({
    status: 200,
    body: {
      sessions: '/v1/sessions',
      changes: '/v1/changes',
      summary: '/v1/summary',
      metrics: '/metrics',
      ready: '/readyz',
      docs: '/docs',
      openapi: '/openapi.json',
    },
  }),
});

/** Liveness, readiness and metrics of this process. Nothing of them waits for Postgres for long. */
export const healthRoutes = [isAlive, isReady, readMetrics];
