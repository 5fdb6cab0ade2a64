import { maskStreamKeys } from '../../evidence/stream-keys.js';
import type { KnownSession } from '../../sessions/verdict/session.js';

/** As releases wrote it that knew nothing of services, nor when they first said that a session is over. */
type EarlierSession = Omit<KnownSession, 'services' | 'endKnownMs'>;

export type SessionDocument = KnownSession | EarlierSession;

/** A session as it is kept, in today's shape. Earlier releases named stream keys in what they found. */
export function readDocument(stored: SessionDocument): KnownSession {
  if ('services' in stored) return stored;
  const findings = stored.findings.map((one) => ({ ...one, message: maskStreamKeys(one.message) }));
  return { ...stored, findings, services: [], endKnownMs: null };
}
