import type { Request, RequestHandler, Response } from 'express';
import type { Metrics } from '../observability/metrics.js';

/** An answer that lasts emits it once it has begun. */
const LASTS = 'lasts';

/**
 * How long requests of a listener took, by the route that answered: as it is written in the code, not as it was
 * called, so that nobody outside makes the number of series grow.
 */
export function measureRequests(metrics: Metrics, listener: 'receiver' | 'api' | 'ops'): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const observe = (isAnswered: boolean): void => {
      response.off(LASTS, begun).off('close', over);
      const status = isAnswered ? `${String(Math.floor(response.statusCode / 100))}xx` : 'broken_off';
      metrics.requestDuration.observe(
        { listener, route: routeOf(request), status },
        (performance.now() - startedAt) / 1000,
      );
    };
    const begun = (): void => observe(true);
    const over = (): void => observe(response.writableEnded);
    response.once(LASTS, begun).once('close', over);
    next();
  };
}

/** Of an answer that lasts for hours, the time until it began is measured: the rest is no delay. */
export function answerLasts(response: Response): void {
  response.emit(LASTS);
}

function routeOf(request: Request): string {
  const route: unknown = request.route;
  const isRoute = typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string';
  return isRoute ? `${request.baseUrl}${String(route.path)}` : 'none';
}
