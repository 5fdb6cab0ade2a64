import type { UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

/**
 * Excludes a failing session from folding, for 5 s the first time and for up to an hour if it keeps failing.
 * Its evidence stays; its pending rows are deleted, because the session is folded from scratch when it is
 * requeued.
 */
export async function setAside(db: Queryable, sid: string, reason: string, nowMs: UnixMs): Promise<void> {
  await db.query(
    `with pending as (
       delete from pending_evidence where pending_evidence.sid = $1
     ), pieces as (
       delete from piecewise_folds where piecewise_folds.sid = $1
     ), alarms as (
       delete from session_alarms where session_alarms.sid = $1
     )
     insert into set_aside_sessions as aside (sid, attempts, reason, retry_at)
     values ($1, 1, $2, $3::timestamptz + interval '5 seconds')
     on conflict (sid) do update set
       attempts = aside.attempts + 1,
       reason = excluded.reason,
       retry_at = $3::timestamptz + least(interval '5 seconds' * power(2, least(aside.attempts, 10)), interval '1 hour')`,
    [sid, reason, new Date(nowMs)],
  );
}

/**
 * Requeues the sessions whose waiting time is over, or all of them, to be folded again from all of their
 * evidence. Returns their ids.
 */
export async function requeueSetAside(db: Queryable, which: 'due' | 'all', nowMs: UnixMs): Promise<string[]> {
  const { rows } = await db.query<{ sid: string }>(
    `with due as (
       update set_aside_sessions set retry_at = null
       where set_aside_sessions.retry_at <= $1 or ($2 and set_aside_sessions.retry_at is not null)
       returning set_aside_sessions.sid
     )
     insert into pending_evidence (sid, kind, received_at) select due.sid, 'set_aside', $1 from due
     returning pending_evidence.sid`,
    [new Date(nowMs), which === 'all'],
  );
  return rows.map(({ sid }) => sid);
}

/** Whether another session was saved since then, which shows that Postgres accepts folds. */
export async function areOthersFoldedSince(db: Queryable, sid: string, sinceMs: UnixMs): Promise<boolean> {
  const { rows } = await db.query<{ folded: boolean }>(
    `select exists (
       select from sessions where greatest(sessions.folded_at, sessions.updated_at) >= $2 and sessions.sid <> $1
     ) as folded`,
    [sid, new Date(sinceMs)],
  );
  return rows[0]?.folded ?? false;
}

/** How many are set aside now. */
export async function countSetAside(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::int as n from set_aside_sessions where set_aside_sessions.retry_at is not null`,
  );
  return rows[0]?.n ?? 0;
}
