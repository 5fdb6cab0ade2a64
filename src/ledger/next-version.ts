import type { StoredChange } from '../db/sessions/changes.js';
import type { StoredSession } from '../db/sessions/sessions.js';
import { earlier, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { changedPaths } from '../sessions/views/changed-paths.js';
import type { Session } from '../sessions/verdict/session.js';

/** The row of a session, and what it says that its last version did not: nothing, where it is no new version. */
export type NextVersion = { stored: StoredSession; changed: readonly string[] };

/**
 * The row of a session with what its facts amount to. It is a new version when it says something that a reader
 * could act on; heartbeats and queries that find everything as it was only move the counts, for there are hundreds
 * of thousands of them a day. A row that was dropped and says again what was last published keeps that version and
 * time.
 */
export function nextVersion(
  before: StoredSession | null,
  published: StoredChange | null,
  facts: SessionFacts,
  session: Session,
  atMs: UnixMs,
): NextVersion {
  const said = before?.session ?? published?.session ?? null;
  const version = before?.version ?? published?.version ?? 0;
  const updatedMs = before?.updatedMs ?? published?.atMs ?? atMs;
  const createdMs = firstLearnedMs(facts) ?? atMs;
  const changed = changedPaths(said, session);
  const stored = changed.length > 0 ? { version: version + 1, updatedMs: atMs } : { version, updatedMs };
  return { changed, stored: { sid: facts.sid, facts, session, createdMs, ...stored } };
}

/** From the evidence, not from the clock: a row that was dropped comes back in its old place. */
function firstLearnedMs({ registrations, arrivals, stop }: SessionFacts): UnixMs | null {
  const told = earlier(registrations.first?.receivedMs ?? null, arrivals.firstReceivedMs);
  return earlier(told, stop?.receivedMs ?? null);
}
