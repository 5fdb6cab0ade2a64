import type { PoolClient } from 'pg';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Session } from '../../sessions/verdict/session.js';
import type { Queryable } from '../connection/database.js';
import type { StoredSession } from './sessions.js';

export type StoredChange = {
  cursor: string;
  sid: string;
  version: number;
  atMs: UnixMs;
  session: Session;
};

/**
 * Appends new versions to the change feed. Must be the last step of a transaction: from here to its commit no
 * other transaction can append, so that cursors become visible in order, and a reader that continues after
 * the last cursor it saw misses none.
 */
export async function appendChanges(tx: PoolClient, sessions: readonly StoredSession[]): Promise<void> {
  if (sessions.length === 0) return;
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('change feed', 2))`);
  await tx.query(
    `insert into changes (sid, version, at, session)
     select * from unnest($1::text[], $2::int[], $3::timestamptz[], $4::jsonb[])`,
    [
      sessions.map(({ sid }) => sid),
      sessions.map(({ version }) => version),
      sessions.map(({ updatedMs }) => new Date(updatedMs)),
      sessions.map(({ session }) => JSON.stringify(session)),
    ],
  );
}

type ChangeRow = { cursor: string; sid: string; version: number; at: Date; session: Session };

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

function toChange({ cursor, sid, version, at, session }: ChangeRow): StoredChange {
  return { cursor, sid, version, atMs: unixMs(at.getTime()), session };
}
