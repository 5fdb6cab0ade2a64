import type { Session } from './types.js';

/** What a delivery says. What is about no session has neither cursor nor session. */
export type WebhookEvent = {
  type: string;
  /** When the version was made. */
  timestamp: string;
  data: {
    cursor?: string;
    version?: number;
    session?: Session;
    /** The fields that the version changed, as they were; null for a first version. */
    previous?: Partial<Session> | null;
    [more: string]: unknown;
  };
};

export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export type VerifyOptions = {
  /** How old or how far ahead a delivery may be, in seconds; 300 by default. */
  toleranceS?: number;
  /** The time, in milliseconds; the machine's by default. */
  nowMs?: number;
};

/** The delivery is not from whoever knows the secret, or is too old; `message` says which. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

/**
 * Checks the signature of a delivery over the body as it came, byte for byte, and gives what it says. While a secret is
 * rotated hand in either. Throws a WebhookVerificationError.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function verifyWebhook(
  body: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string,
  { toleranceS = 300, nowMs = Date.now() }: VerifyOptions = {},
): Promise<WebhookEvent> {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(headers, name),
  );
  if (!id || !timestamp || !signatures) throw new WebhookVerificationError('A header of the delivery is missing.');
  if (!(Math.abs(nowMs / 1000 - Number(timestamp)) <= toleranceS)) {
    throw new WebhookVerificationError('The delivery is too old, or ahead of the clock.');
  }
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
  const key = await crypto.subtle.importKey('raw', bytesOf(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ]);
  const candidates = signatures.split(' ').flatMap((one) => (one.startsWith('v1,') ? [one.slice(3)] : []));
  const results = await Promise.all(
    // It compares in constant time.
    candidates.map((one) => crypto.subtle.verify('HMAC', key, bytesOf(one), signed)),
  );
  if (!results.includes(true)) throw new WebhookVerificationError('No signature of the delivery is right.');
  return JSON.parse(text) as WebhookEvent;
}

function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const [, value] = Object.entries(headers).find(([key]) => key.toLowerCase() === name) ?? [];
  return typeof value === 'string' || value === undefined ? value : value[0];
}

/** Of base64, with or without the prefix of secrets; nothing where it is none. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64.replace(/^whsec_/, '')), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
