import express, { type Express, type Request, type Response } from 'express';
import type { Logger } from 'pino';
import { parseNotification } from '../../agora/parse-notification.js';
import type { NoticeRow } from '../../db/store-notices.js';
import type { QuarantineRow } from '../../db/store-quarantine.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Metrics } from '../../observability/metrics.js';
import { createErrorHandler, nothingHere } from '../error-handler.js';
import type { GroupCommit } from '../../intake/group-commit.js';
import { ProblemError, sendProblem } from '../problem.js';
import { createAdmission } from './admission.js';
import { createFindSender, type AppSecrets, type FindSender } from './app-secrets.js';
import { noticeRow, quarantineRow } from '../../db/incoming-rows.js';

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
  const body = express.raw({ type: () => true, limit: options.maxBytes, inflate: false });
  const receive = createReceive(options, createFindSender(options.apps));
  const admit = createAdmission(options.maxBytes, options.metrics);
  app.post('/ncs/:appId', admit, body, receive);
  app.post('/ncs', admit, body, receive);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.use(nothingHere);
  app.use(createErrorHandler(options.log));
  return app;
}

const NOTHING = Buffer.alloc(0);

function createReceive(
  options: ReceiverOptions,
  findSender: FindSender,
): (request: Request<{ appId?: string }>, response: Response) => Promise<void> {
  const { metrics, now } = options;
  return async (request, response) => {
    const receivedMs = now();
    const raw = Buffer.isBuffer(request.body) ? request.body : NOTHING;
    const { headers } = request;
    const signatures = {
      v1: one(headers['agora-signature']),
      v2: one(headers['agora-signature-v2']),
    };
    const appId = findSender(raw, signatures, request.params.appId);
    if (appId === null) {
      options.onRejected();
      metrics.notifications.inc({ result: 'rejected' });
      sendProblem(response, { status: 401, title: 'The signature is missing or wrong' });
      return;
    }
    const result = await keep(options, raw, appId, receivedMs);
    metrics.notifications.inc({ result });
    response.status(200).type('application/json').send('{}');
  };
}

/** A header that came twice fits no secret. */
function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header;
}

async function keep(
  options: ReceiverOptions,
  raw: Buffer,
  appId: string,
  receivedMs: UnixMs,
): Promise<string> {
  const parsed = parseNotification(raw, { appId, receivedMs });
  const kept =
    parsed.kind === 'unreadable'
      ? await options.quarantine.add(quarantineRow(raw, parsed.reason, appId, receivedMs))
      : await options.notices.add(noticeRow(parsed, appId, receivedMs));
  if (kept === 'full') {
    options.metrics.notifications.inc({ result: 'full' });
    const detail =
      'Too many notifications wait to be stored. Nothing was kept; please send it again.';
    throw new ProblemError({ status: 503, title: 'Overloaded', detail });
  }
  return parsed.kind;
}
