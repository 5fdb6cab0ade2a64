import type { RequestHandler } from 'express';
import type { Metrics } from '../../observability/metrics.js';
import { ProblemError } from '../problem.js';

/** Bodies that are arriving or wait to be stored, of all requests together. */
const MOST_BYTES = 134_217_728;
/** What a request costs beside its body. */
const OVERHEAD = 2_048;

/**
 * Bounds what unanswered requests hold in memory, before their bodies are read: beyond it the answer
 * is 503 at once, which Agora takes as "send it again". A body of undeclared length counts as the
 * largest that is accepted.
 */
export function createAdmission(maxBytes: number, metrics: Metrics): RequestHandler {
  let held = 0;
  return (request, response, next) => {
    const declared = Number(request.headers['content-length'] ?? maxBytes);
    const cost = OVERHEAD + Math.min(Number.isFinite(declared) ? declared : maxBytes, maxBytes);
    if (held + cost > MOST_BYTES) {
      metrics.notifications.inc({ result: 'full' });
      const detail = 'Too much is being received. Nothing was kept; please send it again.';
      next(new ProblemError({ status: 503, title: 'Overloaded', detail }));
      return;
    }
    held += cost;
    response.once('close', () => {
      held -= cost;
    });
    next();
  };
}
