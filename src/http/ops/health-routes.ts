import { Router } from 'express';
import type { Metrics } from '../../observability/metrics.js';

export type Readiness = {
  /** What is in the way of serving; empty when nothing is. */
  obstacles: readonly string[];
  /** What a person should look into, though it does not keep this process from serving. */
  warnings: readonly string[];
  /** Notifications that the ledger does not have yet; null in a process that receives none. */
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
