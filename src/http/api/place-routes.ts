import { z } from 'zod';
import { words } from './answers/fields.js';
import type { OpenContext } from './api-context.js';
import { routesFor } from './openapi/route.js';

const route = routesFor<OpenContext>();

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

const findPlaces = route({
  method: 'get',
  tag: 'status',
  role: 'none',
  path: '/',
  id: 'findPlaces',
  summary: 'Where everything is',
  description: 'The paths to begin with.',
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

export const placeRoutes = [findPlaces];
