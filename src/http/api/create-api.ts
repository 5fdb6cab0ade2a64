import express, { type Express } from 'express';
import { createErrorHandler, notFoundHandler } from '../error-handler.js';
import type { ApiContext } from './api-context.js';
import { authorize, type ApiKey } from './authorize.js';
import { budgetRoutes } from './budget-routes.js';
import { changeRoutes } from './change-routes.js';
import { healthRoutes } from './health-routes.js';
import { historyRoutes } from './history-routes.js';
import { createReadGate } from './read-gate.js';
import { registrationRoutes } from './registration-routes.js';
import { sessionRoutes } from './session-routes.js';

/** The internal listener. Health and metrics are open, everything under /v1 needs a key. */
export function createApi(context: ApiContext, keys: readonly ApiKey[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(healthRoutes(context));
  const v1 = express.Router();
  v1.use(authorize(keys));
  v1.use(express.json({ limit: '1mb', strict: false }));
  v1.use(createReadGate());
  v1.get('/summary', async (_request, response) => {
    response.json(await context.readSummary());
  });
  v1.use(registrationRoutes(context));
  v1.use(sessionRoutes(context));
  v1.use(historyRoutes(context));
  v1.use(changeRoutes(context));
  v1.use(budgetRoutes(context));
  app.use('/v1', v1);
  app.use(notFoundHandler);
  app.use(createErrorHandler(context.log));
  return app;
}
