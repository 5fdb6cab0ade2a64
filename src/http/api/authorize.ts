import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { ProblemError } from '../problem.js';

export type ApiKey = { name: string; role: 'read' | 'write'; key: string };

const READS = new Set(['GET', 'HEAD']);

/**
 * Bearer keys. Every key is compared, whichever fits, and by its digest, so that the time tells
 * neither which one nor how much of it was right. Without keys the API is open: the configuration
 * allows that on loopback only.
 */
export function authorize(keys: readonly ApiKey[]): RequestHandler {
  const known = keys.map(({ role, key }) => ({ role, digest: digestOf(key) }));
  return (request, response, next) => {
    if (known.length === 0) {
      next();
      return;
    }
    const sent = digestOf(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const fitting = known.filter(({ digest }) => timingSafeEqual(digest, sent))[0];
    if (fitting === undefined) {
      response.set('WWW-Authenticate', 'Bearer');
      throw new ProblemError({ status: 401, title: 'A valid API key is needed' });
    }
    if (fitting.role === 'read' && !READS.has(request.method)) {
      throw new ProblemError({ status: 403, title: 'This key may only read' });
    }
    next();
  };
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
