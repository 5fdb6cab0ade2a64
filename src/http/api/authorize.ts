import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { ProblemError } from '../problem.js';

export type ApiKey = { name: string; role: 'read' | 'write'; key: string };

/**
 * Checks bearer keys. Every key is compared, even after a match, and by its digest, so that the response time
 * shows neither which key nor how much of it was right. Without keys the API is open; the configuration
 * allows that on loopback only.
 */
export function authenticate(keys: readonly ApiKey[]): RequestHandler {
  const known = keys.map(({ name, role, key }) => ({ name, role, digest: digestOf(key) }));
  const writers = keys.filter(({ role }) => role === 'write').length;
  return (request, response, next) => {
    if (known.length === 0) {
      response.locals[MAY_WRITE] = true;
      next();
      return;
    }
    const sent = digestOf(/^Bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const fitting = known.filter(({ digest }) => timingSafeEqual(digest, sent))[0];
    if (fitting === undefined) {
      response.set('WWW-Authenticate', 'Bearer');
      throw new ProblemError({ status: 401, title: 'A valid API key is needed' });
    }
    response.locals[CALLER] = writers > 1 ? fitting.name : null;
    response.locals[MAY_WRITE] = fitting.role === 'write';
    next();
  };
}

/** After `authenticate`: refuses a key that may not do what the endpoint does. */
export function requireRole(role: 'read' | 'write'): RequestHandler {
  return (_request, response, next) => {
    if (role === 'write' && !mayWrite(response)) {
      throw new ProblemError({ status: 403, title: 'This key may only read' });
    }
    next();
  };
}

const CALLER = 'caller';
const MAY_WRITE = 'mayWrite';

/** Whether the request's key may write: then it is shown secrets too that the ledger was told. */
export function mayWrite(response: Response): boolean {
  return response.locals[MAY_WRITE] === true;
}

/** The name of the caller's key; null if only one key may write, or none is needed. */
export function callerOf(response: Response): string | null {
  const name: unknown = response.locals[CALLER];
  return typeof name === 'string' ? name : null;
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
