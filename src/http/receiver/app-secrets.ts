import { verifySignature, type SignatureHeaders } from '../../agora/signature.js';

export type AppSecrets = { appId: string; secrets: readonly string[] };

/** Whose notification it is, by the signature alone or for a known app; null when nobody's. */
export type FindSender = (
  rawBody: Buffer,
  headers: SignatureHeaders,
  appId?: string,
) => string | null;

/**
 * An unknown app is checked against a secret of nobody's, so that the time it takes does not tell
 * which apps there are.
 */
export function createFindSender(apps: readonly AppSecrets[]): FindSender {
  const byApp = new Map(apps.map(({ appId, secrets }) => [appId, secrets]));
  const owners = apps.flatMap(({ appId, secrets }) => secrets.map(() => appId));
  const allSecrets = apps.flatMap(({ secrets }) => secrets);
  return (rawBody, headers, appId) => {
    if (appId === undefined) {
      const signer = verifySignature(rawBody, headers, allSecrets);
      return signer === null ? null : (owners[signer] ?? null);
    }
    const secrets = byApp.get(appId) ?? ['nobody'];
    const signer = verifySignature(rawBody, headers, secrets);
    return signer === null || !byApp.has(appId) ? null : appId;
  };
}
