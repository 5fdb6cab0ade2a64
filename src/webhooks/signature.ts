import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

export function makeSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** Whether it is `whsec_` with the base64 of 24 to 64 bytes. */
export function isSecret(text: string): boolean {
  const base64 = text.slice(PREFIX.length);
  const bytes = Buffer.from(base64, 'base64');
  return text.startsWith(PREFIX) && bytes.toString('base64') === base64 && bytes.length >= 24 && bytes.length <= 64;
}

/**
 * The headers of one try, signed with each of the secrets: `id.timestamp.body`, HMAC-SHA256, base64.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signedHeaders(
  { id, body }: { id: string; body: string },
  secrets: readonly string[],
  nowMs: number,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
