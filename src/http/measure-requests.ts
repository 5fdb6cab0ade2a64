import type { Request, RequestHandler } from 'express';
import type { Metrics } from '../observability/metrics.js';

/**
 * How long requests of a listener took, by the route that answered: as it is written in the code, not as it was
 * called, so that nobody outside makes the number of series grow.
 */
export function measureRequests(metrics: Metrics, listener: 'receiver' | 'api' | 'ops'): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.once('close', () => {
      const status = response.writableEnded ? `${String(Math.floor(response.statusCode / 100))}xx` : 'broken_off';
      metrics.requestDuration.observe(
        { listener, route: routeOf(request), status },
        (performance.now() - startedAt) / 1000,
      );
    });
    next();
  };
}

function routeOf(request: Request): string {
  const route: unknown = request.route;
  const isRoute = typeof route === 'object' && route !== null && 'path' in route && typeof route.path === 'string';
  return isRoute ? `${request.baseUrl}${String(route.path)}` : 'none';
}
