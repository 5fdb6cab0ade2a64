import type { IncomingMessage } from 'node:http';
import express, { type Express, type Response } from 'express';
import type { Logger } from 'pino';
import { isConsoleTest, parseNotification, type ParsedNotification } from '../../agora/parse-notification.js';
import type { SignatureHeaders } from '../../agora/signature.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { ArrivalKind, Rejection, RejectionReason } from '../../evidence/rejection.js';
import type { Metrics } from '../../observability/metrics.js';
import type { Traces } from '../../observability/traces.js';
import { createSparingly } from '../../observability/sparingly.js';
import type { Intake } from '../../intake/intake.js';
import { createErrorHandler, notFoundHandler } from '../error-handler.js';
import { measureRequests } from '../measure-requests.js';
import { ProblemError, sendProblem } from '../problem.js';
import { createAdmission } from './admission.js';
import { createFindSender, type AppSecrets, type Sender } from './app-secrets.js';
import { readBody, tooLarge, type NoticeRequest } from './read-body.js';
import { createTellRejections, type Refused } from './tell-rejections.js';

export type ReceiverOptions = {
  apps: readonly AppSecrets[];
  maxBytes: number;
  /** Makes signed bodies durable. */
  intake: Pick<Intake, 'take'>;
  /** Counts a refused notification: nothing else of it is kept. */
  onRejected: (rejection: Rejection) => void;
  /** Told of what is signed and durable, for which app. */
  onArrived: (kind: ArrivalKind, appId: string) => void;
  now: () => UnixMs;
  log: Logger;
  metrics: Metrics;
  /** Null where nobody asked for traces. */
  traces: Traces | null;
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
  app.use(measureRequests(options.metrics, 'receiver'));
  const tellRejection = createTellRejections(options);
  const receive = createReceive(options, tellRejection);
  app.post('/ncs/:appId', receive);
  app.post('/ncs', receive);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.post('/{*elsewhere}', (request, _response, next) => {
    const headers = signaturesOf(request);
    const isSigned = headers.v1 !== undefined || headers.v2 !== undefined;
    if (isSigned) tellRejection({ reason: 'wrong_address', request, appId: undefined, headers, raw: null });
    next();
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
function createReceive(options: ReceiverOptions, tellRejection: (refused: Refused) => void): Receive {
  const admission = createAdmission();
  const findSender = createFindSender(options.apps);
  const tellArrival = createTellArrival(options);
  return async (request, response) => {
    const headers = signaturesOf(request);
    const { appId } = request.params;
    const reject = (reason: RejectionReason, raw: Buffer | null = null): void =>
      tellRejection({ reason, request, appId, headers, raw });
    const refuse = (reason: RejectionReason, raw: Buffer | null = null): void => {
      sendProblem(response, { status: 401, title: 'The signature is missing or wrong' });
      reject(reason, raw);
    };
    const refused = findSender.refusedByHeaders(headers, appId);
    if (refused !== null) {
      refuse(refused);
      return;
    }
    const held = admission.open(request.socket.remoteAddress ?? '');
    try {
      const raw = await readBody(request, options.maxBytes, held);
      switch (raw) {
        case 'broken_off':
          return;
        case 'no_room':
          throw overloaded(options.metrics, 'Too much is being received.');
        case 'too_large':
          reject(raw);
          throw tooLarge(options.maxBytes);
        case 'compressed':
          reject(raw);
          throw new ProblemError({ status: 415, title: 'The body must not be compressed' });
        default: {
          const sender = findSender.find(raw, headers, appId);
          if (sender === null) refuse('wrong_signature', raw);
          else await take(options, raw, sender, response, (parsed) => tellArrival(parsed, sender.appId, headers));
        }
      }
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

async function take(
  options: ReceiverOptions,
  raw: Buffer,
  sender: Sender,
  response: Response,
  onKept: (parsed: ParsedNotification) => void,
): Promise<void> {
  const receivedMs = options.now();
  const parsed = await keep(options, raw, sender, receivedMs);
  options.metrics.notifications.inc({ result: parsed.kind });
  response.writeHead(200, ANSWER_HEADERS).end(ANSWER);
  onKept(parsed);
  tellKept(options, parsed, receivedMs);
}

/** The trace of a notification is named by its event, whether traces are kept or not. */
function tellKept({ traces, now, log }: ReceiverOptions, parsed: ParsedNotification, receivedMs: UnixMs): void {
  if (parsed.kind !== 'notice') return;
  const { eventKey, sid, eventType } = parsed.envelope;
  traces?.stage({ eventKey, sid }, 'received', receivedMs, now());
  if (log.isLevelEnabled('debug')) log.debug({ sid, eventType, traceId: eventKey }, 'notification.kept');
}

type TellArrival = (parsed: ParsedNotification, appId: string, headers: SignatureHeaders) => void;

/** The console's check sends one test for each event: the first is logged, and then one a minute. */
function createTellArrival({ onArrived, log }: ReceiverOptions): TellArrival {
  const sparingly = createSparingly();
  return (parsed, appId, { v2 }) => {
    const isTest = parsed.kind === 'notice' && isConsoleTest(parsed.envelope);
    onArrived(isTest ? 'test' : 'notice', appId);
    if (!isTest) return;
    const signature = v2 === undefined ? 'v1' : 'v2';
    sparingly(appId, (repeated) => {
      log.info({ app: appId, signature, repeated }, 'notification.test_received');
    });
  };
}

function signaturesOf({ headers }: IncomingMessage): SignatureHeaders {
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
): Promise<ParsedNotification> {
  const parsed = parseNotification(raw, { appId, receivedMs }, identityScope);
  const kept = await options.intake.take({ raw, parsed, appId, receivedMs });
  if (kept === 'full') throw overloaded(options.metrics, 'Too many notifications wait to be stored.');
  return parsed;
}

/** Answered at once: Agora sends the notification again after a 503. */
function overloaded(metrics: Metrics, why: string): ProblemError {
  metrics.notifications.inc({ result: 'full' });
  const detail = `${why} Nothing was kept; please send it again.`;
  return new ProblemError({ status: 503, title: 'Overloaded', detail });
}
