import { Router } from 'express';
import type { ApiContext } from './api-context.js';

export type HealthContext = Pick<ApiContext, 'readReadiness' | 'metrics' | 'refreshGauges' | 'log'>;

/** Liveness, readiness, metrics, and an index of addresses. */
export function healthRoutes({ readReadiness, metrics, refreshGauges, log }: HealthContext): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const readiness = await readReadiness();
    const ready = readiness.obstacles.length === 0;
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', ...readiness });
  });
  router.get('/metrics', async (_request, response) => {
    // If the ledger cannot be read, the process's own counters are still published.
    await refreshGauges().catch((error: unknown) => log.warn({ err: error }, 'gauges.not_read'));
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  router.get('/', (_request, response) => {
    response.json({
      sessions: '/v1/sessions',
      changes: '/v1/changes',
      summary: '/v1/summary',
      metrics: '/metrics',
      ready: '/readyz',
    });
  });
  return router;
}
