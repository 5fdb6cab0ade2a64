import { verifySignature, type SignatureHeaders } from '../../agora/signature.js';

/** `identityScope`: in which an event is the same whichever app's address it came to. */
export type AppSecrets = { appId: string; secrets: readonly string[]; identityScope: string };

export type Sender = Pick<AppSecrets, 'appId' | 'identityScope'>;

/** Whose notification it is, by the signature alone or for a known app; null when nobody's. */
export type FindSender = (
  rawBody: Buffer,
  headers: SignatureHeaders,
  appId?: string,
) => Sender | null;

/**
 * An unknown app is checked against a secret of nobody's, so that the time it takes does not tell
 * which apps there are.
 */
export function createFindSender(apps: readonly AppSecrets[]): FindSender {
  const byApp = new Map(apps.map((app) => [app.appId, app]));
  const owners = apps.flatMap((app) => app.secrets.map(() => app));
  const allSecrets = apps.flatMap(({ secrets }) => secrets);
  return (rawBody, headers, appId) => {
    if (appId === undefined) {
      const signer = verifySignature(rawBody, headers, allSecrets);
      return signer === null ? null : (owners[signer] ?? null);
    }
    const app = byApp.get(appId);
    const signer = verifySignature(rawBody, headers, app?.secrets ?? ['nobody']);
    return signer === null ? null : (app ?? null);
  };
}
