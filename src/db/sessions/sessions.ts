import type { PoolClient } from 'pg';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../../sessions/facts/facts.js';
import type { LedgerSession } from '../../sessions/verdict/session.js';
import { upgradeFacts } from '../../sessions/facts/upgrade-facts.js';
import type { Queryable } from '../connection/database.js';
import { readSessionBody, type SessionBody } from './session-body.js';

/** A session's row: the session, its facts, and its version. */
export type StoredSession = {
  sid: string;
  version: number;
  createdMs: UnixMs;
  updatedMs: UnixMs;
  facts: SessionFacts;
  session: LedgerSession;
};

type SessionRow = {
  sid: string;
  version: number;
  created_at: Date;
  updated_at: Date;
  facts: SessionFacts;
  session: SessionBody;
};

export async function loadSessions(db: Queryable, sids: readonly string[]): Promise<Map<string, StoredSession>> {
  const { rows } = await db.query<SessionRow>(
    `select sessions.sid, sessions.version, sessions.created_at, sessions.updated_at,
            sessions.facts, sessions.session
     from sessions where sessions.sid = any($1::text[])`,
    [sids],
  );
  return new Map(rows.map((row) => [row.sid, toStoredSession(row)]));
}

export function toStoredSession(row: SessionRow): StoredSession {
  const { sid, version } = row;
  const session = readSessionBody(row.session);
  const facts = upgradeFacts(row.facts);
  const createdMs = unixMs(row.created_at.getTime());
  return { sid, version, createdMs, updatedMs: unixMs(row.updated_at.getTime()), facts, session };
}

/** Replaces the rows, as folded at that moment. The caller holds the lock of each of these sessions. */
export async function saveSessions(tx: PoolClient, sessions: readonly StoredSession[], atMs: UnixMs): Promise<void> {
  if (sessions.length === 0) return;
  await tx.query(
    `insert into sessions (
       sid, app_id, mode, cname, state, outcome, certainty, has_gaps, started_at, created_at,
       updated_at, version, facts, session, folded_at
     )
     select told.*, $15::timestamptz from unnest(
       $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
       $8::boolean[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::int[],
       $13::jsonb[], $14::jsonb[]
     ) as told
     on conflict (sid) do update set
       app_id = excluded.app_id, mode = excluded.mode, cname = excluded.cname,
       state = excluded.state, outcome = excluded.outcome, certainty = excluded.certainty,
       has_gaps = excluded.has_gaps, started_at = excluded.started_at,
       created_at = excluded.created_at, updated_at = excluded.updated_at,
       version = excluded.version, facts = excluded.facts, session = excluded.session,
       folded_at = excluded.folded_at`,
    [...columnsOf(sessions), new Date(atMs)],
  );
}

function columnsOf(sessions: readonly StoredSession[]): unknown[][] {
  const told = sessions.map((stored) => stored.session);
  return [
    told.map((session) => session.sid),
    told.map((session) => session.appId),
    told.map((session) => session.mode),
    told.map((session) => session.cname),
    told.map((session) => session.state),
    told.map((session) => session.outcome),
    told.map((session) => session.certainty),
    told.map(({ gaps }) => gaps.open > 0),
    told.map(({ startedAt }) => (startedAt === null ? null : new Date(startedAt.atMs))),
    sessions.map(({ createdMs }) => new Date(createdMs)),
    sessions.map(({ updatedMs }) => new Date(updatedMs)),
    sessions.map(({ version }) => version),
    sessions.map(({ facts }) => JSON.stringify(facts)),
    told.map((session) => JSON.stringify(session)),
  ];
}
