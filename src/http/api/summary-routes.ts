import { summarySchema } from './answers/summary-schema.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';

const route = routesFor<ServedContext>();

const readSummary = route({
  method: 'get',
  path: '/v1/summary',
  id: 'readSummary',
  tag: 'status',
  role: 'read',
  summary: 'Counts and health',
  description: 'What is promised at the present load, and the counts behind it, for a status page.',
  answers: { 200: { description: 'As things stand.', schema: summarySchema } },
  handle: async (context) => ({ status: 200, body: await context.readSummary() }),
});

export const summaryRoutes = [readSummary];
