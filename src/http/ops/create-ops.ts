import express, { type Express } from 'express';
import type { Logger } from 'pino';
import { createErrorHandler, notFoundHandler } from '../error-handler.js';
import { measureRequests } from '../measure-requests.js';
import type { HealthContext } from '../api/api-context.js';
import { healthRoutes } from '../api/health-routes.js';
import { mountRoutes } from '../api/openapi/mount-routes.js';
import { createReadGate } from '../api/read-gate.js';

/** The listener of those who run this process: is it there, is it ready, what does it count. */
export function createOps(context: HealthContext, log: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(measureRequests(context.metrics, 'ops'));
  app.use(mountRoutes(healthRoutes, context, createReadGate()));
  app.use(notFoundHandler);
  app.use(createErrorHandler(log));
  return app;
}
