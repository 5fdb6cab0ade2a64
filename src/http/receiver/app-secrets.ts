import { verifySignature, type SignatureHeaders } from '../../agora/signature.js';
import type { RejectionReason } from '../../evidence/rejection.js';

/** `identityScope`: the scope within which an event is the same whichever app's address it came to. */
export type AppSecrets = { appId: string; secrets: readonly string[]; identityScope: string };

export type Sender = Pick<AppSecrets, 'appId' | 'identityScope'>;

export type FindSender = {
  /** Why its headers alone refuse it: no known app, no signature, or one that cannot be any; null where it may be signed. */
  refusedByHeaders: (headers: SignatureHeaders, appId?: string) => RejectionReason | null;
  /** Whose notification it is, by the signature alone or for a known app; null when nobody's. */
  find: (rawBody: Buffer, headers: SignatureHeaders, appId?: string) => Sender | null;
};

export function createFindSender(apps: readonly AppSecrets[]): FindSender {
  const byApp = new Map(apps.map((app) => [app.appId, app]));
  const owners = apps.flatMap((app) => app.secrets.map(() => app));
  const allSecrets = apps.flatMap(({ secrets }) => secrets);
  return {
    refusedByHeaders: (headers, appId) => {
      if (appId !== undefined && !byApp.has(appId)) return 'unknown_app';
      if (headers.v1 === undefined && headers.v2 === undefined) return 'no_signature';
      return looksSigned(headers) ? null : 'malformed_signature';
    },
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
