import type { QueryOutcome } from '../evidence/observation.js';
import type { HttpResponse } from './http-response.js';
import { parseJson } from './parse-notification.js';
import { readAnswer } from './read-answer.js';
import { isObject, objectIn, proseIn, wholeNumberIn, type LooseObject } from './read-fields.js';
import { retryAfterMs } from './retry-after.js';

/**
 * "Service is exiting", only on pages before 2026, after a stop: not a fault of parameters.
 * Ours: docs/agora.md#stop
 */
const EXITING = 501;

/**
 * What a response means, by its body as well as its status. Of all failures only "failed to find worker" says
 * something about the recording; every other failure changes nothing that is known.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes
 */
export function outcomeOfResponse(response: HttpResponse): QueryOutcome {
  const { status } = response;
  const parsed = parseJson(response.body);
  const body = isObject(parsed) ? parsed : null;
  if (status === 200) return body === null ? SERVER_FAULT : { kind: 'answered', answer: readAnswer(body) };
  if (status === 201 || status === 206) return { kind: 'incomplete' };
  if (status === 400) return badRequest(body);
  if (status === 401 || status === 403) return { kind: 'unauthorized' };
  if (status === 404) return notFound(body);
  if (status === 429) return { kind: 'throttled', retryAfterMs: retryAfterMs(response) };
  return SERVER_FAULT;
}

const SERVER_FAULT: QueryOutcome = { kind: 'unavailable', reason: 'server' };

function badRequest(body: LooseObject | null): QueryOutcome {
  const code = body === null ? null : wholeNumberIn(body, 'code');
  if (code === EXITING) return { kind: 'incomplete' };
  return { kind: 'bad_request', code, reason: body === null ? null : messageOf(body) };
}

/** A 404 that says neither thing is a gateway's, not Agora's word about a recording. */
function notFound(body: LooseObject | null): QueryOutcome {
  if (body === null) return SERVER_FAULT;
  const message = messageOf(body)?.toLowerCase() ?? '';
  if (message.includes('no route')) return { kind: 'no_route' };
  const noWorker = message.includes('find worker') || wholeNumberIn(body, 'code') === 404;
  return noWorker ? { kind: 'not_found' } : SERVER_FAULT;
}

/** Three shapes are known: `reason`, `message`, and an older `serverResponse.payload.message`. */
function messageOf(body: LooseObject): string | null {
  const nested = objectIn(objectIn(body, 'serverResponse'), 'payload');
  return proseIn(body, 'reason') ?? proseIn(body, 'message') ?? proseIn(nested, 'message');
}
