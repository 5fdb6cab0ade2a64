import type { Queryable } from '../connection/database.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { LedgerSession } from '../../sessions/verdict/session.js';
import type { StoredChange } from './changes.js';
import { readSessionBody, type SessionBody } from './session-body.js';

/** A version, and the one before; null where it is the first, or that one is not kept any more. */
export type VersionPair = { change: StoredChange; before: EarlierVersion | null };
export type EarlierVersion = { version: number; atMs: UnixMs; session: LedgerSession };

/** The same versions, each with the one before. */
export async function withVersionsBefore(db: Queryable, changes: readonly StoredChange[]): Promise<VersionPair[]> {
  if (changes.length === 0) return [];
  const inPage = new Map(changes.map((change) => [keyOf(change.sid, change.version), change]));
  const missing = changes.filter(({ sid, version }) => version > 1 && !inPage.has(keyOf(sid, version - 1)));
  const found = await findVersions(db, missing);
  return changes.map((change) => {
    const key = keyOf(change.sid, change.version - 1);
    return { change, before: inPage.get(key) ?? found.get(key) ?? null };
  });
}

async function findVersions(db: Queryable, after: readonly StoredChange[]): Promise<Map<string, EarlierVersion>> {
  if (after.length === 0) return new Map();
  const { rows } = await db.query<{ sid: string; version: number; at: Date; session: SessionBody }>(
    `select changes.sid, changes.version, changes.at, changes.session from changes
     join unnest($1::text[], $2::int[]) as wanted (sid, version)
       on wanted.sid = changes.sid and wanted.version = changes.version`,
    [after.map(({ sid }) => sid), after.map(({ version }) => version - 1)],
  );
  return new Map(
    rows.map(({ sid, version, at, session }) => [
      keyOf(sid, version),
      { version, atMs: unixMs(at.getTime()), session: readSessionBody(session) },
    ]),
  );
}

function keyOf(sid: string, version: number): string {
  return `${String(version)} ${sid}`;
}

/** Versions of one session with a cursor from that one on to the other, both included. */
export async function listChangesOf(
  db: Queryable,
  sid: string,
  from: bigint,
  through: bigint,
  limit: number,
): Promise<StoredChange[]> {
  const { rows } = await db.query<{ cursor: string; version: number; at: Date; session: SessionBody }>(
    `select changes.cursor::text, changes.version, changes.at, changes.session from changes
     where changes.sid = $1 and changes.cursor >= $2::bigint and changes.cursor <= $3::bigint
     order by changes.version limit $4`,
    [sid, String(from), String(through), limit],
  );
  return rows.map(({ cursor, version, at, session }) => ({
    cursor,
    sid,
    version,
    atMs: unixMs(at.getTime()),
    session: readSessionBody(session),
  }));
}
