import type { UnixMs } from '../evidence/instant.js';
import { isTerminal, type LedgerSession, type Session } from '../sessions/verdict/session.js';

/** What was last said of a session, and since when it said that the session was over, by the published versions. */
export type LastVersion = { session: LedgerSession; publishedEndMs: UnixMs | null };

/**
 * When the ledger first said that a session is over: with this version, or with the one that did before it.
 * A reopening unsays it.
 */
export function endKnownMs(session: Session, said: LastVersion | null, atMs: UnixMs): UnixMs | null {
  if (!isTerminal(session.state)) return null;
  if (said === null || !isTerminal(said.session.state)) return atMs;
  return said.session.endKnownMs ?? said.publishedEndMs ?? atMs;
}
