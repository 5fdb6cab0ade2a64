import express, { type Express } from 'express';
import { createErrorHandler, notFoundHandler } from '../error-handler.js';
import { measureRequests } from '../measure-requests.js';
import { healthRoutes } from '../ops/health-routes.js';
import type { ApiContext } from './api-context.js';
import { authorize, type ApiKey } from './authorize.js';
import { budgetRoutes } from './budget-routes.js';
import { changeRoutes } from './change-routes.js';
import { historyRoutes } from './history-routes.js';
import { createReadGate } from './read-gate.js';
import { noticeRoutes } from './notice-routes.js';
import { quarantineRoutes } from './quarantine-routes.js';
import { registrationRoutes } from './registration-routes.js';
import { rulesRoutes } from './rules-routes.js';
import { sessionRoutes } from './session-routes.js';
import { versionRoutes } from './version-routes.js';
import { createWaitForChanges } from './wait-for-changes.js';

/** The internal listener. Health and metrics are open, everything under /v1 needs a key. */
export function createApi(context: ApiContext, keys: readonly ApiKey[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(measureRequests(context.metrics, 'api'));
  app.use(healthRoutes(context));
  app.get('/', (_request, response) => {
    response.json({
      sessions: '/v1/sessions',
      changes: '/v1/changes',
      summary: '/v1/summary',
      metrics: '/metrics',
      ready: '/readyz',
    });
  });
  const v1 = express.Router();
  v1.use(authorize(keys));
  v1.use(express.json({ limit: '1mb', strict: false }));
  v1.get('/changes', createWaitForChanges(context));
  v1.use(createReadGate());
  v1.get('/summary', async (_request, response) => {
    response.json(await context.readSummary());
  });
  v1.use(rulesRoutes(context));
  v1.use(registrationRoutes(context));
  v1.use(sessionRoutes(context));
  v1.use(versionRoutes(context));
  v1.use(historyRoutes(context));
  v1.use(noticeRoutes(context));
  v1.use(quarantineRoutes(context));
  v1.use(changeRoutes(context));
  v1.use(budgetRoutes(context));
  app.use('/v1', v1);
  app.use(notFoundHandler);
  app.use(createErrorHandler(context.log));
  return app;
}
