import type { StoredChange } from '../db/sessions/changes.js';
import type { StoredSession } from '../db/sessions/sessions.js';
import { earlier, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { changedPaths } from '../sessions/views/changed-paths.js';
import type { Session } from '../sessions/verdict/session.js';
import { endKnownMs } from './end-known.js';

/** A session's row, and the paths in which it differs from its last version; empty if it is no new version. */
export type VersionResult = { stored: StoredSession; changed: readonly string[] };

/**
 * Builds a session's row from its facts. It is a new version if it says something that a reader could act on;
 * heartbeats and queries that changed nothing only update the counts, because there are hundreds of thousands of
 * them a day. A row that was dropped and now equals what was last published keeps that version and time.
 */
export function nextVersion(
  before: StoredSession | null,
  published: StoredChange | null,
  facts: SessionFacts,
  session: Session,
  atMs: UnixMs,
  publishedEndMs: UnixMs | null = null,
): VersionResult {
  const said = before?.session ?? published?.session ?? null;
  const version = before?.version ?? published?.version ?? 0;
  const updatedMs = before?.updatedMs ?? published?.atMs ?? atMs;
  const createdMs = firstLearnedMs(facts) ?? atMs;
  const changed = changedPaths(said, session);
  const stored = changed.length > 0 ? { version: version + 1, updatedMs: atMs } : { version, updatedMs };
  const lastSaid = said === null ? null : { session: said, publishedEndMs };
  const known = { ...session, endKnownMs: endKnownMs(session, lastSaid, atMs) };
  return { changed, stored: { sid: facts.sid, facts, session: known, createdMs, ...stored } };
}

/** From the evidence and not from the clock, so that a dropped row returns to its old position in lists. */
function firstLearnedMs({ registrations, arrivals, stop }: SessionFacts): UnixMs | null {
  const told = earlier(registrations.first?.receivedMs ?? null, arrivals.firstReceivedMs);
  return earlier(told, stop?.receivedMs ?? null);
}
