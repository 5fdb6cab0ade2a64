import type { Logger } from 'pino';
import type { Db } from '../db/connection/database.js';
import {
  listSecrets,
  noteKeyFingerprint,
  readKeyFingerprint,
  reencryptSecrets,
  type StoredSecrets,
} from '../db/webhooks/key-fingerprint.js';
import { makeKeyFile, readKeyFile } from './key-file.js';
import { createSecretKeys, type SecretKeys } from './secret-keys.js';

export type KeySettings = { secretsKeys: readonly string[]; secretsKeyFile: string };

/** The keys of this process; or why it has none that fits this database, and what to set, in a sentence. */
export type FoundKeys = { ok: true; keys: SecretKeys } | { ok: false; why: string };

type Context = { db: Db; settings: KeySettings; log: Logger };

/** For reading secrets: makes no key. */
export async function findKeys({ db, settings }: Omit<Context, 'log'>): Promise<FoundKeys> {
  const noted = await readKeyFingerprint(db.pool);
  const keys = await configuredKeys(settings);
  if (keys === null) return { ok: false, why: whyNone(settings) };
  if (noted === null || keys.fingerprints.includes(noted)) return { ok: true, keys };
  return { ok: false, why: whyAnother(settings) };
}

/** For writing secrets: makes a key where none is set and none was ever used, and notes which key it is. */
export async function prepareKeys({ db, settings, log }: Context): Promise<FoundKeys> {
  const noted = await readKeyFingerprint(db.pool);
  if (noted === null && settings.secretsKeys.length === 0) {
    const { made } = await makeKeyFile(settings.secretsKeyFile);
    if (made) log.warn({ file: settings.secretsKeyFile }, 'secrets_key.made');
  }
  const found = await findKeys({ db, settings });
  if (!found.ok || found.keys.fingerprint === noted) return found;
  // Another process may note its own meanwhile: then that one counts.
  if (await noteKeyFingerprint(db.pool, found.keys.fingerprint, noted)) return found;
  return findKeys({ db, settings });
}

/** Encrypts with the first key what an earlier one encrypted, so that the earlier one is needed no more. */
export async function reencryptAll({ db, settings, log }: Context): Promise<void> {
  const found = await findKeys({ db, settings });
  if (!found.ok) return;
  const { keys } = found;
  const isNew = (encrypted: string): boolean => encrypted.split('.')[1] === keys.fingerprint;
  const old = (await listSecrets(db.pool)).filter(({ secret, oldSecret }) => {
    return !isNew(secret) || (oldSecret !== null && !isNew(oldSecret));
  });
  for (const stored of old) {
    const anew = encryptAnew(keys, stored);
    if (anew !== null) await reencryptSecrets(db.pool, stored, anew);
  }
  const noted = await readKeyFingerprint(db.pool);
  if (noted !== null && noted !== keys.fingerprint) await noteKeyFingerprint(db.pool, keys.fingerprint, noted);
  if (old.length > 0) log.info({ endpoints: old.length }, 'secrets.encrypted_anew');
}

function encryptAnew(keys: SecretKeys, { id, secret, oldSecret }: StoredSecrets): StoredSecrets | null {
  const plain = keys.decrypt(secret);
  if (plain === null) return null;
  const old = oldSecret === null ? null : keys.decrypt(oldSecret);
  return { id, secret: keys.encrypt(plain), oldSecret: old === null ? null : keys.encrypt(old) };
}

async function configuredKeys({ secretsKeys, secretsKeyFile }: KeySettings): Promise<SecretKeys | null> {
  const [first, ...others] = secretsKeys;
  if (first !== undefined) return createSecretKeys([first, ...others]);
  const made = await readKeyFile(secretsKeyFile);
  return made === null || made === '' ? null : createSecretKeys([made]);
}

function whyNone({ secretsKeyFile }: KeySettings): string {
  return `The secrets of webhooks are encrypted with a key that this process does not have: set SECRETS_KEY, the same for every process, or bring back ${secretsKeyFile}.`;
}

function whyAnother({ secretsKeys, secretsKeyFile }: KeySettings): string {
  const ours = secretsKeys.length > 0 ? 'SECRETS_KEY' : `the key in ${secretsKeyFile}`;
  return `The secrets of webhooks are encrypted with another key than ${ours}: set SECRETS_KEY to the key that every other process has; to change it, to the new one and the old one, comma-separated.`;
}
