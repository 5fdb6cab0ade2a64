import type { PoolClient } from 'pg';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Because } from '../../sessions/views/because.js';
import type { LedgerSession } from '../../sessions/verdict/session.js';
import type { Queryable } from '../connection/database.js';
import { readSessionBody, type SessionBody } from './session-body.js';
import type { StoredSession } from './sessions.js';

export type StoredChange = {
  cursor: string;
  sid: string;
  version: number;
  atMs: UnixMs;
  session: LedgerSession;
};

/** A version to be published, with the paths that it changed and the evidence that led to it. */
export type NewVersion = { stored: StoredSession; changed: readonly string[]; because: readonly Because[] };

/**
 * Appends new versions to the change feed. Must be the last step of a transaction: from here to its commit no
 * other transaction can append, so that cursors become visible in order, and a reader that continues after
 * the last cursor it saw misses none.
 *
 * One statement takes the lock and inserts: its parameters have been sent and parsed by then, which is nine tenths of
 * the work, and cursors are drawn for rows that the lock has let through.
 * Ours: docs/decisions/031-the-feeds-lock-is-held-for-little.md
 */
export async function appendChanges(tx: PoolClient, versions: readonly NewVersion[]): Promise<void> {
  if (versions.length === 0) return;
  const sessions = versions.map(({ stored }) => stored);
  await tx.query(
    `with turn as materialized (select pg_advisory_xact_lock(hashtextextended('change feed', 2)))
     insert into changes (sid, version, at, session, changed, because)
     select told.sid, told.version, told.at, told.session, string_to_array(told.changed, ' '), told.because
     from turn
     cross join unnest($1::text[], $2::int[], $3::timestamptz[], $4::jsonb[], $5::text[], $6::jsonb[])
       as told (sid, version, at, session, changed, because)`,
    [
      sessions.map(({ sid }) => sid),
      sessions.map(({ version }) => version),
      sessions.map(({ updatedMs }) => new Date(updatedMs)),
      sessions.map(({ session }) => JSON.stringify(session)),
      versions.map(({ changed }) => changed.join(' ')),
      versions.map(({ because }) => JSON.stringify(because)),
    ],
  );
}

type ChangeRow = { cursor: string; sid: string; version: number; at: Date; session: SessionBody };

const COLUMNS = `changes.cursor::text, changes.sid, changes.version, changes.at, changes.session`;

/** The feed after a cursor ('0' from the start), in commit order. */
export async function listChanges(db: Queryable, after: string, limit: number): Promise<StoredChange[]> {
  const { rows } = await db.query<ChangeRow>(
    `select ${COLUMNS} from changes where changes.cursor > $1::bigint
     order by changes.cursor limit $2`,
    [after, limit],
  );
  return rows.map(toChange);
}

/** The newest version ever published of each of these sessions, even where its row is gone. */
export async function findLastChanges(db: Queryable, sids: readonly string[]): Promise<Map<string, StoredChange>> {
  if (sids.length === 0) return new Map();
  const { rows } = await db.query<ChangeRow>(
    `select distinct on (changes.sid) ${COLUMNS} from changes where changes.sid = any($1::text[])
     order by changes.sid, changes.version desc`,
    [sids],
  );
  return new Map(rows.map((row) => [row.sid, toChange(row)]));
}

/**
 * Since when each of these sessions has been over, as far as it was published: the first version that said so since
 * the last that did not. A session that is not over is left out.
 */
export async function findEndsPublished(db: Queryable, sids: readonly string[]): Promise<Map<string, UnixMs>> {
  if (sids.length === 0) return new Map();
  const { rows } = await db.query<{ sid: string; at: Date }>(
    `select distinct on (changes.sid) changes.sid, changes.at from changes
     where changes.sid = any($1::text[]) and changes.session ->> 'state' in ('ended', 'failed')
       and not exists (
         select from changes as later
         where later.sid = changes.sid and later.version > changes.version
           and later.session ->> 'state' not in ('ended', 'failed')
       )
     order by changes.sid, changes.version`,
    [sids],
  );
  return new Map(rows.map(({ sid, at }) => [sid, unixMs(at.getTime())]));
}

function toChange({ cursor, sid, version, at, session }: ChangeRow): StoredChange {
  return { cursor, sid, version, atMs: unixMs(at.getTime()), session: readSessionBody(session) };
}

/** The newest version of a session whose time is not later than that. */
export async function findVersionAt(db: Queryable, sid: string, atMs: UnixMs): Promise<StoredChange | null> {
  const { rows } = await db.query<ChangeRow>(
    `select ${COLUMNS} from changes where changes.sid = $1 and changes.at <= $2
     order by changes.version desc limit 1`,
    [sid, new Date(atMs)],
  );
  return rows[0] === undefined ? null : toChange(rows[0]);
}

/** The lowest version of a session that is kept; null where there is none. */
export async function findFirstVersion(db: Queryable, sid: string): Promise<number | null> {
  const { rows } = await db.query<{ first: number | null }>(
    `select min(changes.version) as first from changes where changes.sid = $1`,
    [sid],
  );
  return rows[0]?.first ?? null;
}

/** A version without the session itself. */
export type VersionEntry = {
  cursor: string;
  version: number;
  atMs: UnixMs;
  changed: readonly string[];
  because: readonly Because[];
};

/** Versions of a session below that number, newest first. */
export async function listVersions(
  db: Queryable,
  sid: string,
  below: number | null,
  limit: number,
): Promise<VersionEntry[]> {
  const { rows } = await db.query<
    Pick<ChangeRow, 'cursor' | 'version' | 'at'> & Pick<VersionEntry, 'changed' | 'because'>
  >(
    `select changes.cursor::text, changes.version, changes.at, changes.changed, changes.because
     from changes where changes.sid = $1 and ($2::int is null or changes.version < $2)
     order by changes.version desc limit $3`,
    [sid, below, limit],
  );
  return rows.map(({ at, ...row }) => ({ ...row, atMs: unixMs(at.getTime()) }));
}
