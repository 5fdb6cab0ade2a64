import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { readCalledMethod } from '../../agora/read-call.js';
import type { Metrics } from '../../observability/metrics.js';
import type { Call, PassedAnswer } from '../../passing/pass-call.js';
import type { ApiKey } from '../api/authorize.js';
import { notFound, ProblemError } from '../problem.js';
import { createAuthorizeCall, type AppAccount } from './authorize-call.js';
import { endToEndHeaders } from './end-to-end-headers.js';
import { readCallAddress, type CallAddress } from './read-address.js';
import { readCallBody } from './read-call-body.js';
import { writeAnswer } from './write-answer.js';

export type PassThroughContext = {
  pass: (call: Call) => Promise<PassedAnswer>;
  /** The account of each app that is configured. */
  accountOf: ReadonlyMap<string, AppAccount>;
  metrics: Metrics;
};

/** Of a request's body. */
export const LARGEST_CALL = 1_048_576;

/**
 * Serves Agora's recording API at `/agora`: what is authorized goes on as it came, and what Agora answers comes back
 * as it came. A body is read before a slot is taken, so that a slow caller holds none.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#pass-through
 */
export function createPassThrough(context: PassThroughContext, keys: readonly ApiKey[]): RequestHandler {
  const authorize = createAuthorizeCall(keys);
  return async (request, response) => {
    const address = readCallAddress(request.originalUrl);
    const account = address === null ? undefined : context.accountOf.get(address.appId);
    if (address === null || account === undefined) throw notFound('No app that is configured has such an address.');
    const authorized = authorize(request.headers.authorization, account);
    if (authorized.kind === 'may_only_read') throw new ProblemError({ status: 403, title: 'This key may only read' });
    if (authorized.kind === 'refused') {
      answerUnauthorized(request, response);
      return;
    }
    const body = await readCallBody(request, LARGEST_CALL);
    if (body === 'broken_off') return;
    if (body === 'too_large') throw tooLarge();
    const call = outgoing(request, address, account.account, authorized.authorization, body);
    const answer = await context.pass(call);
    if (answer.kind === 'answered') await writeAnswer(response, answer);
    else {
      context.metrics.callsRefused.inc({ account: account.account, reason: answer.kind });
      refuse(response, answer.kind);
    }
  };
}

/** `expect` was answered here already; the length is that of the body that was read. */
const WITHOUT = ['host', 'authorization', 'content-length', 'expect'];

function outgoing(
  { method = 'GET', rawHeaders }: IncomingMessage,
  { appId, path, rest }: CallAddress,
  account: string,
  authorization: string,
  body: Buffer,
): Call {
  const headers = [...endToEndHeaders(rawHeaders, WITHOUT), 'Authorization', authorization];
  return { method, path, headers, body, account, appId, calls: readCalledMethod(method, rest) };
}

/** In Agora's words: whoever calls speaks its API. */
function answerUnauthorized({ headers }: IncomingMessage, response: Response): void {
  const message = headers.authorization === undefined ? 'Unauthorized' : 'Invalid authentication credentials';
  response.status(401).set('WWW-Authenticate', 'Basic realm="agora"').json({ message });
}

/** A slot is held for a second and longer. */
const RETRY_AFTER_SECONDS = '1';

function refuse(response: Response, reason: Exclude<PassedAnswer['kind'], 'answered'>): void {
  switch (reason) {
    case 'no_slot':
      response.status(429).set('Retry-After', RETRY_AFTER_SECONDS).json({ message: 'API rate limit exceeded' });
      return;
    case 'unreachable':
      throw new ProblemError({ status: 502, title: 'Agora cannot be reached', detail: 'Nothing was sent.' });
    case 'broken':
      throw new ProblemError({
        status: 502,
        title: 'Agora did not answer',
        detail: 'The connection broke after the call was sent. It may have been carried out; it is not sent again.',
      });
    case 'too_slow':
      throw new ProblemError({
        status: 504,
        title: 'Agora did not answer in time',
        detail: 'The call was sent. It may have been carried out; it is not sent again.',
      });
    case 'too_large':
      throw new ProblemError({ status: 502, title: "Agora's answer is too large to be passed on" });
  }
}

function tooLarge(): ProblemError {
  const detail = `At most ${String(LARGEST_CALL)} bytes are taken.`;
  return new ProblemError({ status: 413, title: 'The body is too large', detail });
}
