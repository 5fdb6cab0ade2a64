import { randomBytes } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Db } from '../../src/db/connection/database.js';
import { withTransaction } from '../../src/db/connection/with-transaction.js';
import { appendChanges, type NewVersion } from '../../src/db/sessions/changes.js';
import { saveSessions, type StoredSession } from '../../src/db/sessions/sessions.js';
import { unixMs } from '../../src/evidence/instant.js';

export type Writer = {
  name: string;
  /** Saves the sessions' rows first, in the same transaction, as a fold does. */
  saves: boolean;
  append: (tx: PoolClient, versions: readonly NewVersion[]) => Promise<void>;
};

/** The service's own way, without and with the rows that a fold saves; and what it did before. */
export const WRITERS: readonly Writer[] = [
  { name: 'published', saves: false, append: appendChanges },
  { name: 'published, lock first', saves: false, append: lockThenAppend },
  { name: 'saved and published', saves: true, append: appendChanges },
];

/** The lock in a statement of its own: what follows is sent, parsed and stored while it is held. */
async function lockThenAppend(tx: PoolClient, versions: readonly NewVersion[]): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('change feed', 2))`);
  await appendChanges(tx, versions);
}

/**
 * Publishes versions of sessions of its own, so many in a transaction, until told to stop. Returns how long each
 * transaction took, from the first step of publishing to the end of its commit.
 */
export async function write(
  db: Db,
  like: NewVersion,
  { saves, append }: Writer,
  batch: number,
  stop: { isOver: boolean },
): Promise<number[]> {
  const prefix = randomBytes(12).toString('hex');
  const sids = Array.from({ length: batch }, (_, n) => `${prefix}${n.toString(16).padStart(8, '0')}`);
  const tookMs: number[] = [];
  for (let version = 1; !stop.isOver; version += 1) {
    const versions = sids.map((sid) => versionLike(like, sid, version));
    let begin = 0;
    await withTransaction(db, async (tx) => {
      if (saves) await saveSessions(tx, versions.map(storedOf), unixMs(Date.now()));
      begin = performance.now();
      await append(tx, versions);
    });
    tookMs.push(performance.now() - begin);
  }
  return tookMs;
}

function versionLike({ stored, changed, because }: NewVersion, sid: string, version: number): NewVersion {
  const session = { ...stored.session, sid };
  return { changed, because, stored: { ...stored, sid, version, session, updatedMs: unixMs(Date.now()) } };
}

function storedOf({ stored }: NewVersion): StoredSession {
  return stored;
}
