import { PrismaPg } from '@prisma/adapter-pg';
import express from 'express';
import { verifySignature } from '../src/agora/signature.js';
import { parseNotification } from '../src/agora/parse-notification.js';
import { unixMs } from '../src/evidence/instant.js';
import { PrismaClient } from '../src/generated/prisma/client.js';
import { listen } from '../src/http/listen.js';

/*
 * What the receiver is measured against, each in a process of its own:
 * `bare`    an Express route that reads the body and answers;
 * `upsert`  the same signature and parsing, and one prisma upsert a request.
 */
const [kind, port, databaseUrl, secret] = process.argv.slice(2);
const app = express();
app.disable('x-powered-by');
app.disable('etag');
const body = express.raw({ type: () => true, limit: 1_048_576 });

if (kind === 'bare') {
  app.post('/ncs/:appId', body, (_request, response) => {
    response.status(200).type('application/json').send('{}');
  });
} else {
  const prisma = new PrismaClient({
    adapter: new PrismaPg({ connectionString: databaseUrl ?? '' }),
  });
  app.post('/ncs/:appId', body, async (request, response) => {
    const raw = request.body as Buffer;
    const v2 = request.get('agora-signature-v2');
    if (verifySignature(raw, { v1: undefined, v2 }, [secret ?? '']) === null) {
      response.status(401).end();
      return;
    }
    await upsert(prisma, raw);
    response.status(200).type('application/json').send('{}');
  });
}
await listen(app, '127.0.0.1', Number(port), 'the port');
process.stdout.write('listening\n');

async function upsert(prisma: PrismaClient, raw: Buffer): Promise<void> {
  const receivedMs = unixMs(Date.now());
  const parsed = parseNotification(raw, { appId: 'bench', receivedMs });
  if (parsed.kind !== 'notice') return;
  const { eventKey, noticeId, sid, eventType, occurredMs } = parsed.envelope;
  const receivedAt = new Date(receivedMs);
  const row = {
    sid,
    receivedAt,
    eventKey,
    noticeId,
    appId: 'bench',
    eventType,
    occurredAt: new Date(occurredMs),
    isTest: false,
    raw: parsed.raw,
  };
  const where = { sid_receivedAt_eventKey: { sid, receivedAt, eventKey } };
  await prisma.notice.upsert({ where, create: row, update: {} });
}
