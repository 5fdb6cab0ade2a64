import { Router } from 'express';
import type { Metrics } from '../../observability/metrics.js';

export type Readiness = {
  /** What keeps this process from serving; empty if nothing does. */
  obstacles: readonly string[];
  /** What a person should look into although the process can serve. */
  warnings: readonly string[];
  /** Notifications that wait in the spool; null in a process without the role `receiver`. */
  spool: { entries: number; bytes: number } | null;
};

export type HealthContext = {
  readReadiness: () => Promise<Readiness>;
  metrics: Metrics;
};

/** Liveness, readiness and metrics of this process. Nothing of them waits for Postgres for long. */
export function healthRoutes({ readReadiness, metrics }: HealthContext): Router {
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
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return router;
}
