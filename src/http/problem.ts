import type { Response } from 'express';

/** An error document as in RFC 9457. */
export type Problem = {
  status: number;
  title: string;
  detail?: string;
  /** What is wrong with which part of the request. */
  errors?: readonly { at: string; message: string }[];
  /** Names of the fields that contradict the registration in force. */
  fields?: readonly string[];
  /** Of the change feed: which one this is, and the cursor from which on nothing is missing. */
  feed?: string;
  begin?: string;
};

/** Thrown where a request cannot be served; the error handler sends it as a problem document. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
  }
}

export function sendProblem(response: Response, problem: Problem): void {
  response
    .status(problem.status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', ...problem }));
}

export function notFound(detail: string): ProblemError {
  return new ProblemError({ status: 404, title: 'Not found', detail });
}
