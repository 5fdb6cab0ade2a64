import { Router } from 'express';
import type { ApiContext } from './api-context.js';

/** The times by which this process judges and asks, in milliseconds: whoever feeds a ledger has to fit them. */
export function rulesRoutes({ rules }: Pick<ApiContext, 'rules'>): Router {
  const router = Router();
  router.get('/rules', (_request, response) => {
    const { startCheckAfterMs, startDeadlineMs, goneConfirmMs, goneMarginMs } = rules;
    const { routineIntervalMs, reorderGraceMs, retryBackoffMs, subscribedEvents } = rules;
    response.json({
      startCheckAfterMs,
      startDeadlineMs,
      goneConfirmMs,
      goneMarginMs,
      routineIntervalMs,
      reorderGraceMs,
      retryBackoffMs,
      subscribedEvents,
    });
  });
  return router;
}
