import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** Keys that secrets are encrypted with: the first encrypts, all decrypt. */
export type SecretKeys = {
  fingerprint: string;
  fingerprints: readonly string[];
  encrypt: (secret: string) => string;
  /** Null where none of the keys is the one that it was encrypted with. */
  decrypt: (encrypted: string) => string | null;
};

type Key = { fingerprint: string; bytes: Buffer };

const FORMAT = 'aes256gcm';
const NONCE_BYTES = 12;

/** `texts`: the keys as they are set, the newest first. */
export function createSecretKeys(texts: readonly [string, ...string[]]): SecretKeys {
  const [first, ...others] = texts.map(toKey);
  if (first === undefined) throw new Error('there is no key');
  const keys = [first, ...others];
  return {
    fingerprint: first.fingerprint,
    fingerprints: keys.map(({ fingerprint }) => fingerprint),
    encrypt: (secret) => encrypt(first, secret),
    decrypt: (encrypted) => {
      const [format, fingerprint] = encrypted.split('.');
      const key = keys.find((one) => one.fingerprint === fingerprint);
      return format === FORMAT && key !== undefined ? decrypt(key, encrypted) : null;
    },
  };
}

/** The fingerprint tells keys apart, and nothing of them. */
function toKey(text: string): Key {
  const derive = (use: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', text, 'recording-ledger', use, length));
  const fingerprint = createHash('sha256').update(derive('fingerprint', 32)).digest('hex').slice(0, 16);
  return { fingerprint, bytes: derive('secrets of webhooks', 32) };
}

function encrypt({ fingerprint, bytes }: Key, secret: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce);
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  const parts = [nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'));
  return [FORMAT, fingerprint, ...parts].join('.');
}

function decrypt({ bytes }: Key, encrypted: string): string {
  const [nonce, tag, text] = encrypted
    .split('.')
    .slice(2)
    .map((part) => Buffer.from(part, 'base64url'));
  if (nonce === undefined || tag === undefined || text === undefined) throw new Error('a stored secret is cut off');
  const decipher = createDecipheriv('aes-256-gcm', bytes, nonce);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
}
