import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import { logSparingly } from '../observability/log-sparingly.js';
import { ProblemError, sendProblem, type Problem } from './problem.js';

/** The one place where an error becomes an HTTP status. */
export function createErrorHandler(log: Logger): ErrorRequestHandler {
  const tell = logSparingly(log, 'error', 'request.failed');
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = problemOf(error);
    if (problem.status >= 500) tell(error, { method: request.method, path: request.path });
    if (problem.status === 503 && !response.hasHeader('Retry-After')) response.set('Retry-After', '5');
    sendProblem(response, problem);
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const status = statusOf(error);
  if (status === 413) return { status, title: 'The body is too large' };
  if (status === 415) return { status, title: 'Compressed bodies are not accepted' };
  if (status !== null && status < 500) return { status, title: 'The request cannot be read' };
  return {
    status: 503,
    title: 'Not served just now',
    detail: 'The ledger cannot be reached. Nothing was kept; please send it again.',
  };
}

/** Errors of the body parser carry the status that they mean. */
function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('status' in error)) return null;
  return typeof error.status === 'number' ? error.status : null;
}

export const notFoundHandler: RequestHandler = (_request, response) => {
  sendProblem(response, { status: 404, title: 'There is nothing here' });
};
