import type { Problem } from './types.js';

/** The ledger answered, and refused: `problem` is its document. What a proxy answered instead has its status only. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly status: number;
  readonly problem: Problem;
  /** How long `Retry-After` asks to wait, in milliseconds; null where the answer had none. */
  readonly retryAfterMs: number | null;

  constructor(problem: Problem, retryAfterMs: number | null = null) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No whole answer came: no connection, one that broke, or nothing within the time allowed. `cause` says which. */
export class LedgerUnreachableError extends Error {
  override readonly name = 'LedgerUnreachableError';

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** The error that an answer with a status of 400 or more stands for. */
export function errorOf(response: Response, text: string): LedgerError {
  const problem = problemIn(text) ?? {
    type: 'about:blank',
    status: response.status,
    title: response.statusText || `HTTP status ${response.status}`,
  };
  return new LedgerError(problem, retryAfterMs(response.headers.get('retry-after'), Date.now()));
}

function problemIn(text: string): Problem | null {
  try {
    const body: unknown = JSON.parse(text);
    return isProblem(body) ? body : null;
  } catch {
    return null;
  }
}

function isProblem(body: unknown): body is Problem {
  return (
    typeof body === 'object' &&
    body !== null &&
    'status' in body &&
    typeof body.status === 'number' &&
    'title' in body &&
    typeof body.title === 'string'
  );
}

/** Seconds, or a date (RFC 9110, 10.2.3); null for anything else. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
