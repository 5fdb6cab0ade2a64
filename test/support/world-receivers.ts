import type { ServerResponse } from 'node:http';
import { startWebhookReceiver, type ReceivedDelivery, type WebhookReceiver } from './webhook-receiver.js';

/** A receiver with what it accepted: what it answered with a 2xx. */
export type WorldReceiver = WebhookReceiver & { accepted: readonly ReceivedDelivery[] };

type Answer = (delivery: ReceivedDelivery, response: ServerResponse) => number | null | Promise<number | null>;

async function receiverThat(answer: Answer, accepts = true): Promise<WorldReceiver> {
  const accepted: ReceivedDelivery[] = [];
  const receiver = await startWebhookReceiver(async (delivery, response) => {
    const status = await answer(delivery, response);
    const isAccepted = status === null ? accepts && !response.destroyed : status < 300;
    if (isAccepted) accepted.push(delivery);
    return status;
  });
  return Object.assign(receiver, { accepted });
}

export function fastReceiver(): Promise<WorldReceiver> {
  return receiverThat(() => 204);
}

export function slowReceiver(ms: number): Promise<WorldReceiver> {
  return receiverThat(async () => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return 200;
  });
}

/** While it is dead it breaks every connection off, without a word. */
export function mortalReceiver(isDead: () => boolean): Promise<WorldReceiver> {
  return receiverThat((_delivery, response) => {
    if (!isDead()) return 200;
    response.destroy();
    return null;
  });
}

/** Says 200 at once, and never stops talking. */
export function endlessReceiver(): Promise<WorldReceiver> {
  return receiverThat((_delivery, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('for ever '.repeat(500)), 5);
    response.on('close', () => clearInterval(timer));
    return null;
  });
}

/** Sends callers elsewhere, breaks its word, speaks another language, fails; and after so many is gone for good. */
export function falseReceiver(elsewhere: string, goneAfter: number): Promise<WorldReceiver> {
  let asked = 0;
  const lies: Answer[] = [
    (_delivery, response) => {
      response.writeHead(302, { location: elsewhere }).end();
      return null;
    },
    (_delivery, response) => {
      response.socket?.end('SMTP ready\r\n\r\n');
      return null;
    },
    (_delivery, response) => {
      response.writeHead(500, { 'content-length': '100' }).write('cut', () => response.destroy());
      return null;
    },
  ];
  return receiverThat((delivery, response) => {
    asked += 1;
    const lie = lies[asked % lies.length];
    return asked > goneAfter || lie === undefined ? 410 : lie(delivery, response);
  }, false);
}
