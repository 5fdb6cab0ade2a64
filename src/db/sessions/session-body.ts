import { maskStreamKeys } from '../../evidence/stream-keys.js';
import type { LedgerSession } from '../../sessions/verdict/session.js';

/** As releases wrote it that knew nothing of services, files, nor when they first said that a session is over. */
type EarlierSession = Omit<LedgerSession, 'services' | 'endKnownMs' | 'files'>;

export type SessionBody = LedgerSession | Omit<LedgerSession, 'files'> | EarlierSession;

/** A session as it is kept, in today's shape. Earlier releases named stream keys in what they found. */
export function readSessionBody(stored: SessionBody): LedgerSession {
  if ('services' in stored) return { files: null, ...stored };
  const findings = stored.findings.map((one) => ({ ...one, message: maskStreamKeys(one.message) }));
  return { ...stored, findings, services: [], files: null, endKnownMs: null };
}
