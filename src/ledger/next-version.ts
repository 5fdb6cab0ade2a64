import { isDeepStrictEqual } from 'node:util';
import type { StoredChange } from '../db/sessions/changes.js';
import type { StoredSession } from '../db/sessions/sessions.js';
import { earlier, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import type { Session } from '../sessions/verdict/session.js';

/**
 * Builds a session's row from its facts. It is a new version if it says something new; a query that changed
 * nothing only updates the counts, because there are hundreds of thousands of them a day. A row that was
 * dropped and now equals what was last published keeps that version and time.
 */
export function nextVersion(
  before: StoredSession | null,
  published: StoredChange | null,
  facts: SessionFacts,
  session: Session,
  atMs: UnixMs,
): { stored: StoredSession; isNew: boolean } {
  const said = before?.session ?? published?.session ?? null;
  const version = before?.version ?? published?.version ?? 0;
  const updatedMs = before?.updatedMs ?? published?.atMs ?? atMs;
  const createdMs = firstLearnedMs(facts) ?? atMs;
  const isNew = said === null || !saysTheSame(said, session);
  const stored = isNew ? { version: version + 1, updatedMs: atMs } : { version, updatedMs };
  return { isNew, stored: { sid: facts.sid, facts, session, createdMs, ...stored } };
}

/** From the evidence and not from the clock, so that a dropped row returns to its old position in lists. */
function firstLearnedMs({ registrations, arrivals, stop }: SessionFacts): UnixMs | null {
  const told = earlier(registrations.first?.receivedMs ?? null, arrivals.firstReceivedMs);
  return earlier(told, stop?.receivedMs ?? null);
}

function saysTheSame(a: Session, b: Session): boolean {
  return isDeepStrictEqual(withoutCounts(a), withoutCounts(b));
}

/**
 * The session without its counts, which make no new version. (A session that is read back from the database
 * differs only in the order of its keys.)
 */
function withoutCounts({ observations, ...rest }: Session): unknown {
  return { ...rest, lastOutcome: observations.lastOutcome };
}
