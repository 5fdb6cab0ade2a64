import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKey } from '../api/authorize.js';

/** The account that an app is configured under. */
export type AppAccount = { account: string; customerId: string; customerSecret: string };

export type CallAuthorization =
  /** With the value of the header that goes to Agora. */
  | { kind: 'authorized'; authorization: string }
  /** A key of ours that may only read. */
  | { kind: 'may_only_read' }
  | { kind: 'refused' };

/**
 * Agora's own Basic of the app's account, which goes on as it came, or a key of ours that may write, for which our
 * credentials go. Compared by digests and in constant time.
 */
export function createAuthorizeCall(
  keys: readonly ApiKey[],
): (sent: string | undefined, account: AppAccount) => CallAuthorization {
  const known = keys.map(({ role, key }) => ({ role, digest: digestOf(key) }));
  return (sent = '', { customerId, customerSecret }) => {
    const credentials = Buffer.from(`${customerId}:${customerSecret}`).toString('base64');
    const basic = /^Basic +(.+)$/i.exec(sent)?.[1] ?? '';
    const bearer = digestOf(/^Bearer +(.+)$/i.exec(sent)?.[1] ?? '');
    const isOfAccount = timingSafeEqual(digestOf(basic.trim()), digestOf(credentials));
    const fitting = known.filter(({ digest }) => timingSafeEqual(digest, bearer));
    if (isOfAccount) return { kind: 'authorized', authorization: sent };
    if (fitting.some(({ role }) => role === 'write')) {
      return { kind: 'authorized', authorization: `Basic ${credentials}` };
    }
    return fitting.length > 0 ? { kind: 'may_only_read' } : { kind: 'refused' };
  };
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
