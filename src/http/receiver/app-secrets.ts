import { verifySignature, type SignatureHeaders } from '../../agora/signature.js';

/** `identityScope`: the scope within which an event is the same whichever app's address it came to. */
export type AppSecrets = { appId: string; secrets: readonly string[]; identityScope: string };

export type Sender = Pick<AppSecrets, 'appId' | 'identityScope'>;

export type FindSender = {
  /** Whether the headers allow a valid signature at all: a known app, and a well-formed signature. */
  mayBeSigned: (headers: SignatureHeaders, appId?: string) => boolean;
  /**
   * The app whose secret signed the notification: of all apps, or only the one that the address names. Null
   * if none did.
   */
  find: (rawBody: Buffer, headers: SignatureHeaders, appId?: string) => Sender | null;
};

export function createFindSender(apps: readonly AppSecrets[]): FindSender {
  const byApp = new Map(apps.map((app) => [app.appId, app]));
  const owners = apps.flatMap((app) => app.secrets.map(() => app));
  const allSecrets = apps.flatMap(({ secrets }) => secrets);
  return {
    mayBeSigned: (headers, appId) => (appId === undefined || byApp.has(appId)) && looksSigned(headers),
    find: (rawBody, headers, appId) => {
      const app = appId === undefined ? null : byApp.get(appId);
      const secrets = app === null ? allSecrets : (app?.secrets ?? []);
      const signer = verifySignature(rawBody, headers, secrets);
      return signer === null ? null : (app ?? owners[signer] ?? null);
    },
  };
}

/** 64 hex digits of HMAC-SHA256 decide if they were sent, else 40 of HMAC-SHA1. */
function looksSigned({ v1, v2 }: SignatureHeaders): boolean {
  return v2 === undefined ? /^[0-9a-f]{40}$/.test(v1 ?? '') : /^[0-9a-f]{64}$/.test(v2);
}
