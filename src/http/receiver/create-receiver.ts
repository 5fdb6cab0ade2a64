import express, { type Express, type Response } from 'express';
import type { Logger } from 'pino';
import { parseNotification } from '../../agora/parse-notification.js';
import type { SignatureHeaders } from '../../agora/signature.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Metrics } from '../../observability/metrics.js';
import type { Intake } from '../../intake/intake.js';
import { createErrorHandler, notFoundHandler } from '../error-handler.js';
import { ProblemError, sendProblem } from '../problem.js';
import { createAdmission } from './admission.js';
import { createFindSender, type AppSecrets, type Sender } from './app-secrets.js';
import { readBody, type NoticeRequest } from './read-body.js';

export type ReceiverOptions = {
  apps: readonly AppSecrets[];
  maxBytes: number;
  /** Makes signed bodies durable. */
  intake: Pick<Intake, 'take'>;
  /** Counts a refused notification: nothing else of it is kept. */
  onRejected: () => void;
  now: () => UnixMs;
  log: Logger;
  metrics: Metrics;
};

/**
 * The public listener: notifications in, and health. Answers 200 only once the notification is
 * durable; a 5xx means "not kept, send it again", which Agora does at most three times.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#delivery
 */
export function createReceiver(options: ReceiverOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const receive = createReceive(options);
  app.post('/ncs/:appId', receive);
  app.post('/ncs', receive);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.use(notFoundHandler);
  app.use(createErrorHandler(options.log));
  return app;
}

type Receive = (request: NoticeRequest, response: Response) => Promise<void>;

/**
 * One handler and not a chain of middleware, so that a request's memory is released at its end, however it
 * ends, without a listener. A request without a possible signature is refused before a byte of its body is
 * read.
 */
function createReceive(options: ReceiverOptions): Receive {
  const admission = createAdmission();
  const findSender = createFindSender(options.apps);
  return async (request, response) => {
    const signatures = signaturesOf(request);
    if (!findSender.mayBeSigned(signatures, request.params.appId)) {
      refuse(options, response);
      return;
    }
    const held = admission.open(request.socket.remoteAddress ?? '');
    try {
      const raw = await readBody(request, options.maxBytes, held);
      if (raw === 'no_room') throw overloaded(options.metrics, 'Too much is being received.');
      if (raw !== 'broken_off')
        await take(options, raw, findSender.find(raw, signatures, request.params.appId), response);
    } finally {
      held.leave();
    }
  };
}

const ANSWER = '{}';
const ANSWER_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'content-length': ANSWER.length,
};

async function take(options: ReceiverOptions, raw: Buffer, sender: Sender | null, response: Response): Promise<void> {
  const receivedMs = options.now();
  if (sender === null) {
    refuse(options, response);
    return;
  }
  const result = await keep(options, raw, sender, receivedMs);
  options.metrics.notifications.inc({ result });
  response.writeHead(200, ANSWER_HEADERS).end(ANSWER);
}

function refuse({ onRejected, metrics }: ReceiverOptions, response: Response): void {
  onRejected();
  metrics.notifications.inc({ result: 'rejected' });
  sendProblem(response, { status: 401, title: 'The signature is missing or wrong' });
}

function signaturesOf({ headers }: NoticeRequest): SignatureHeaders {
  return { v1: one(headers['agora-signature']), v2: one(headers['agora-signature-v2']) };
}

/** A header that came twice matches no secret. */
function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header;
}

async function keep(
  options: ReceiverOptions,
  raw: Buffer,
  { appId, identityScope }: Sender,
  receivedMs: UnixMs,
): Promise<string> {
  const parsed = parseNotification(raw, { appId, receivedMs }, identityScope);
  const kept = await options.intake.take({ raw, parsed, appId, receivedMs });
  if (kept === 'full') throw overloaded(options.metrics, 'Too many notifications wait to be stored.');
  return parsed.kind;
}

/** Answered at once: Agora sends the notification again after a 503. */
function overloaded(metrics: Metrics, why: string): ProblemError {
  metrics.notifications.inc({ result: 'full' });
  const detail = `${why} Nothing was kept; please send it again.`;
  return new ProblemError({ status: 503, title: 'Overloaded', detail });
}
