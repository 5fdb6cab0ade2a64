import express, { type Express } from 'express';
import { createErrorHandler, notFoundHandler } from '../error-handler.js';
import { createPassThrough, type PassThroughContext } from '../pass-through/create-pass-through.js';
import { measureRequests } from '../measure-requests.js';
import type { ApiContext } from './api-context.js';
import { authenticate, type ApiKey } from './authorize.js';
import { createChangeStreams } from './change-streams.js';
import { describeApi } from './describe-api.js';
import { createFeedWatch } from './feed-watch.js';
import { mountRoutes } from './openapi/mount-routes.js';
import { once } from './once.js';
import { servePage } from './page.js';
import { createReadGate } from './read-gate.js';
import { LEDGER_ROUTES, OPEN_ROUTES } from './routes.js';
import { createTimelinePages } from './timeline-pages.js';
import { createWaitForChanges } from './wait-for-changes.js';

/** The internal listener. Health, metrics and documents are open, everything under /v1 needs a key. */
export function createApi(
  context: ApiContext,
  keys: readonly ApiKey[],
  passThrough: PassThroughContext | null = null,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(measureRequests(context.metrics, 'api'));
  if (passThrough !== null) app.use('/agora', createPassThrough(passThrough, keys));
  app.use(servePage());
  const takeTurn = createReadGate();
  const watchFeed = createFeedWatch(context);
  const served = {
    ...context,
    readDocument: once(describeApi),
    readTimelinePage: createTimelinePages(context.db),
    waitForChanges: createWaitForChanges(context, watchFeed),
    streamChanges: createChangeStreams(context, watchFeed),
  };
  app.use(mountRoutes(OPEN_ROUTES, served, takeTurn));
  app.use('/v1', authenticate(keys));
  app.use(mountRoutes(LEDGER_ROUTES, served, takeTurn));
  app.use(notFoundHandler);
  app.use(createErrorHandler(context.log));
  return app;
}
