import { createHmac } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Agent, request } from 'undici';
import { notificationBody, type Delivery } from './plan-deliveries.js';

export type NotifierStats = {
  /** Notifications that were tried, attempts made, those answered 200, and those given up on. */
  tried: number;
  attempts: number;
  acknowledged: number;
  givenUp: number;
  /** Attempts that were answered 401: the receiver does not know the signature. */
  refused: number;
};

export type Notifier = {
  /** Whether an attempt was answered 200. */
  deliver: (delivery: Delivery) => Promise<boolean>;
  stats: () => NotifierStats;
  close: () => Promise<void>;
};

export type NotifierOptions = {
  /** The receiver's address for the app, `…/ncs/{appId}`. */
  url: string;
  secret: string;
  now: () => number;
  /** Waits before each further attempt; Agora makes three. */
  retryAfterMs?: readonly number[];
};

/** The first at once, then at growing distances; the real ones are not published. */
const RETRIES = [0, 2_000, 5_000];
const TIMEOUT_MS = 10_000;

/**
 * Sends notifications as Agora does: signed, over kept connections, and again until it is told 200.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#delivery
 */
export function createNotifier(options: NotifierOptions): Notifier {
  const stats: NotifierStats = { tried: 0, attempts: 0, acknowledged: 0, givenUp: 0, refused: 0 };
  const dispatcher = new Agent({ connections: 32, pipelining: 1 });
  const retries = options.retryAfterMs ?? RETRIES;
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // every delivery that waits to be repeated listens
  const attempt = async (delivery: Delivery): Promise<boolean> => {
    stats.attempts += 1;
    const status = await post(options, dispatcher, notificationBody(delivery, Math.round(options.now())));
    if (status === 401) stats.refused += 1;
    return status === 200;
  };
  return {
    deliver: async (delivery) => {
      stats.tried += 1;
      for (const waitMs of [null, ...retries]) {
        if (waitMs !== null) await pause(waitMs, closing.signal);
        if (closing.signal.aborted) return false;
        if (await attempt(delivery)) {
          stats.acknowledged += 1;
          return true;
        }
      }
      stats.givenUp += 1;
      return false;
    },
    stats: () => ({ ...stats }),
    close: async () => {
      closing.abort();
      await dispatcher.destroy();
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Null where the receiver is away or slow. One that answers anything but 200 has not got it either. */
async function post({ url, secret }: NotifierOptions, dispatcher: Agent, body: string): Promise<number | null> {
  try {
    const response = await request(url, {
      method: 'POST',
      dispatcher,
      body,
      headers: { 'content-type': 'application/json', ...signatures(body, secret) },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    await response.body.dump();
    return response.statusCode;
  } catch {
    return null;
  }
}

/** Both headers, over the bytes that are sent. */
export function signatures(body: string, secret: string): Record<string, string> {
  const digest = (algorithm: string): string => createHmac(algorithm, secret).update(body).digest('hex');
  return { 'agora-signature': digest('sha1'), 'agora-signature-v2': digest('sha256') };
}
