import { parseJson } from '../../agora/parse-notification.js';
import { verifySignature, type SignatureHeaders } from '../../agora/signature.js';
import type { AppSecrets } from './app-secrets.js';

/** What a signature fits that fits no secret of the app it was sent for. */
export type Misfit =
  /** A secret of that other app. */
  | { kind: 'other_app'; appId: string }
  /** The app's secret without the spaces that stand around it in the settings. */
  | { kind: 'secret_with_spaces' }
  /** V1 does, and V2, which decides, does not. */
  | { kind: 'older_signature' }
  /** The same JSON, written in another way than it came. */
  | { kind: 'changed_body' }
  | { kind: 'nothing' };

export type Unfitting = { raw: Buffer; headers: SignatureHeaders; appId: string | undefined };

/**
 * For people who set it up: says what to mend, and lets nothing in. As constant in time as the check
 * itself, of which it is one more for each app.
 */
export function findMisfit(apps: readonly AppSecrets[], { raw, headers, appId }: Unfitting): Misfit {
  const own = apps.filter((app) => appId === undefined || app.appId === appId).flatMap(({ secrets }) => secrets);
  const fits = (body: Buffer, secrets: readonly string[], signed = headers): boolean =>
    verifySignature(body, signed, secrets) !== null;
  const other = apps.find((app) => app.appId !== appId && appId !== undefined && fits(raw, app.secrets));
  if (other !== undefined) return { kind: 'other_app', appId: other.appId };
  const trimmed = own.flatMap((secret) => (secret.trim() === secret ? [] : [secret.trim()]));
  if (fits(raw, trimmed)) return { kind: 'secret_with_spaces' };
  if (headers.v2 !== undefined && fits(raw, own, { v1: headers.v1, v2: undefined })) return { kind: 'older_signature' };
  if (otherSpellings(raw).some((body) => fits(body, own))) return { kind: 'changed_body' };
  return { kind: 'nothing' };
}

/** As it was if somebody on the way added a newline, or read the JSON and wrote it anew. */
function otherSpellings(raw: Buffer): Buffer[] {
  const text = raw.toString();
  const json = parseJson(text);
  const compact = json === undefined ? [] : [JSON.stringify(json)];
  return [text.trim(), ...compact].map((spelling) => Buffer.from(spelling));
}
