import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';

export type ReceivedDelivery = { id: string; body: any; raw: string; headers: Record<string, string>; atMs: number };

/** What a receiver answers; null: it has answered itself. */
export type Answering = (
  delivery: ReceivedDelivery,
  response: ServerResponse,
) => number | null | Promise<number | null>;

export type WebhookReceiver = {
  url: string;
  /** All that came with a right signature, in order of arrival. */
  received: readonly ReceivedDelivery[];
  /** The first arrival of each. */
  distinct: () => ReceivedDelivery[];
  /** Why what else came was not accepted. */
  complaints: readonly string[];
  secrets: string[];
  answer: Answering;
  close: () => Promise<void>;
};

/**
 * A receiver that verifies each delivery with two libraries that others wrote. Without a secret in `secrets` it
 * accepts nothing.
 */
export async function startWebhookReceiver(answer: Answering = () => 204): Promise<WebhookReceiver> {
  const received: ReceivedDelivery[] = [];
  const complaints: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const raw = await textOf(request);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      const complaint = complaintAbout(raw, headers, receiver.secrets);
      if (complaint !== null) complaints.push(complaint);
      const delivery = { id: headers['webhook-id'] ?? '', body: JSON.parse(raw), raw, headers, atMs: Date.now() };
      if (complaint === null) received.push(delivery);
      const status = await receiver.answer(delivery, response);
      if (status !== null) response.writeHead(status).end(`thank you ${String(received.length)}`);
    })().catch((error: unknown) => complaints.push(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
    received,
    distinct: () => received.filter(({ id }, n) => received.findIndex((other) => other.id === id) === n),
    complaints,
    secrets: [],
    answer,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}

/** Both libraries, with any of the secrets. */
function complaintAbout(raw: string, headers: Record<string, string>, secrets: readonly string[]): string | null {
  const svixHeaders = Object.fromEntries(
    ['id', 'timestamp', 'signature'].map((name) => [`svix-${name}`, headers[`webhook-${name}`] ?? '']),
  );
  const failures = secrets.map((secret) => {
    try {
      new Standard(secret).verify(raw, headers);
      new Svix(secret).verify(raw, svixHeaders);
      return null;
    } catch (error) {
      return String(error);
    }
  });
  return failures.includes(null) ? null : (failures[0] ?? 'there is no secret to verify with');
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
