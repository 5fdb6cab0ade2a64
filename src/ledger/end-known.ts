import type { UnixMs } from '../evidence/instant.js';
import { isTerminal, type KnownSession, type Session } from '../sessions/verdict/session.js';

/** What was last said of a session, and since when it said that the session was over, by the published versions. */
export type LastSaid = { session: KnownSession; publishedEndMs: UnixMs | null };

/**
 * When the ledger first said that a session is over: with this version, or with the one that did before it.
 * A reopening unsays it.
 */
export function endKnownMs(session: Session, said: LastSaid | null, atMs: UnixMs): UnixMs | null {
  if (!isTerminal(session.state)) return null;
  if (said === null || !isTerminal(said.session.state)) return atMs;
  return said.session.endKnownMs ?? said.publishedEndMs ?? atMs;
}
