import express, { type Express } from 'express';
import { createErrorHandler, notFoundHandler } from '../error-handler.js';
import { ProblemError } from '../problem.js';
import type { Logger } from 'pino';
import type { HealthContext } from './api-context.js';
import { describeApi } from './describe-api.js';
import { once } from './once.js';
import { mountRoutes } from './openapi/mount-routes.js';
import { servePage } from './page.js';
import { createReadGate } from './read-gate.js';
import { OPEN_ROUTES } from './routes.js';

/** The internal listener while there is no ledger to read: health, metrics and documents, and a 503 for the rest. */
export function createDegradedApi(context: HealthContext, log: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(servePage());
  app.use(mountRoutes(OPEN_ROUTES, { ...context, readDocument: once(describeApi) }, createReadGate()));
  app.use('/v1', () => {
    throw new ProblemError({
      status: 503,
      title: 'The ledger is away',
      detail: 'Postgres has not answered since this process started.',
    });
  });
  app.use(notFoundHandler);
  app.use(createErrorHandler(log));
  return app;
}
