import express, { type Express, type Response } from 'express';
import type { Logger } from 'pino';
import { parseNotification } from '../../agora/parse-notification.js';
import { noticeRow, quarantineRow } from '../../db/incoming-rows.js';
import type { NoticeRow } from '../../db/store-notices.js';
import type { QuarantineRow } from '../../db/store-quarantine.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Metrics } from '../../observability/metrics.js';
import type { GroupCommit } from '../../intake/group-commit.js';
import { createErrorHandler, nothingHere } from '../error-handler.js';
import { ProblemError, sendProblem } from '../problem.js';
import { createAdmission } from './admission.js';
import { createFindSender, type AppSecrets, type Sender } from './app-secrets.js';
import { createReadBody, type NoticeRequest } from './read-body.js';

export type ReceiverOptions = {
  apps: readonly AppSecrets[];
  maxBytes: number;
  notices: GroupCommit<NoticeRow>;
  quarantine: GroupCommit<QuarantineRow>;
  /** Counts a refused notification: nothing else of it is kept. */
  onRejected: () => void;
  now: () => UnixMs;
  log: Logger;
  metrics: Metrics;
};

/**
 * The public listener: notifications in, and health. Answers 200 only once the notification is
 * durable; a 5xx means "not kept, send it again", which Agora does at most three times.
 * @see docs/agora.md#signatures
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
  app.use(nothingHere);
  app.use(createErrorHandler(options.log));
  return app;
}

type Receive = (request: NoticeRequest, response: Response) => Promise<void>;

/**
 * One handler for all of it, not a chain of middleware: what a request holds is given back at the end
 * of it, however it ends, and nothing has to listen for that.
 */
function createReceive(options: ReceiverOptions): Receive {
  const admission = createAdmission(options.maxBytes);
  const readBody = createReadBody(options.maxBytes);
  const take = createTake(options);
  return async (request, response) => {
    const held = admission.enter(request);
    if (held === null) throw overloaded(options.metrics, 'Too much is being received.');
    try {
      await take(await readBody(request, response), request, response);
    } finally {
      admission.leave(held);
    }
  };
}

const ANSWER = '{}';
const ANSWER_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'content-length': ANSWER.length,
};

function createTake(options: ReceiverOptions) {
  const { metrics, now } = options;
  const findSender = createFindSender(options.apps);
  return async (raw: Buffer, request: NoticeRequest, response: Response) => {
    const receivedMs = now();
    const { headers, params } = request;
    const signatures = {
      v1: one(headers['agora-signature']),
      v2: one(headers['agora-signature-v2']),
    };
    const sender = findSender(raw, signatures, params.appId);
    if (sender === null) {
      options.onRejected();
      metrics.notifications.inc({ result: 'rejected' });
      sendProblem(response, { status: 401, title: 'The signature is missing or wrong' });
      return;
    }
    const result = await keep(options, raw, sender, receivedMs);
    metrics.notifications.inc({ result });
    response.writeHead(200, ANSWER_HEADERS).end(ANSWER);
  };
}

/** A header that came twice fits no secret. */
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
  const kept =
    parsed.kind === 'unreadable'
      ? await options.quarantine.add(quarantineRow(raw, parsed.reason, appId, receivedMs))
      : await options.notices.add(noticeRow(parsed, appId, receivedMs));
  if (kept === 'full') throw overloaded(options.metrics, 'Too many notifications wait to be stored.'); // prettier-ignore
  return parsed.kind;
}

/** Told at once: Agora takes a 503 as "send it again". */
function overloaded(metrics: Metrics, why: string): ProblemError {
  metrics.notifications.inc({ result: 'full' });
  const detail = `${why} Nothing was kept; please send it again.`;
  return new ProblemError({ status: 503, title: 'Overloaded', detail });
}
