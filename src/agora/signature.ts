import { createHmac, timingSafeEqual } from 'node:crypto';

/** The two signature headers as they came; Agora sends both, older senders only the first. */
export type SignatureHeaders = {
  /** `Agora-Signature`: HMAC-SHA1 of the raw body, lower-case hex. */
  v1: string | undefined;
  /** `Agora-Signature-V2`: HMAC-SHA256 of the raw body, lower-case hex. */
  v2: string | undefined;
};

/**
 * The index of the active secret that signed these bytes; null if none did. If V2 was sent it alone decides,
 * so that an attacker cannot force the weaker one by spoiling V2.
 *
 * Every secret is tried, even after a match, so that the time says nothing about them.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#signatures
 */
export function verifySignature(rawBody: Buffer, headers: SignatureHeaders, secrets: readonly string[]): number | null {
  const algorithm = headers.v2 === undefined ? 'sha1' : 'sha256';
  const sent = headers.v2 ?? headers.v1;
  if (sent === undefined) return null;
  const given = Buffer.from(sent, 'latin1');
  let signer: number | null = null;
  for (const [index, secret] of secrets.entries()) {
    const expected = Buffer.from(hexDigest(algorithm, secret, rawBody), 'latin1');
    const fits = expected.length === given.length && timingSafeEqual(expected, given);
    if (fits && signer === null) signer = index;
  }
  return signer;
}

/**
 * Both headers, as Agora sends them.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#signatures
 */
export function signatureHeaders(body: Buffer, secret: string): Readonly<Record<string, string>> {
  return {
    'agora-signature': hexDigest('sha1', secret, body),
    'agora-signature-v2': hexDigest('sha256', secret, body),
  };
}

function hexDigest(algorithm: 'sha1' | 'sha256', secret: string, body: Buffer): string {
  return createHmac(algorithm, secret).update(body).digest('hex');
}
