import type { PoolClient } from 'pg';
import type { UnixMs } from '../../evidence/instant.js';

/** Sets one alarm for each session: when time alone will change its conclusion; null for never. */
export type SessionAlarm = { sid: string; dueMs: UnixMs | null };

export async function saveAlarms(tx: PoolClient, alarms: readonly SessionAlarm[]): Promise<void> {
  const set = alarms.filter(({ dueMs }) => dueMs !== null);
  const unset = alarms.filter(({ dueMs }) => dueMs === null);
  if (set.length > 0) {
    await tx.query(
      `insert into session_alarms (sid, due_at) select * from unnest($1::text[], $2::timestamptz[])
       on conflict (sid) do update set due_at = excluded.due_at
       where session_alarms.due_at <> excluded.due_at`,
      [set.map(({ sid }) => sid), set.map(({ dueMs }) => new Date(dueMs ?? 0))],
    );
  }
  await tx.query(`delete from session_alarms where session_alarms.sid = any($1::text[])`, [
    unset.map(({ sid }) => sid),
  ]);
}

/** Locks sessions whose alarm is due, skipping those that another transaction is folding. */
export async function lockSessionsWithDueAlarms(tx: PoolClient, nowMs: UnixMs, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ sid: string }>(
    `with due as materialized (
       select session_alarms.sid from session_alarms
       where session_alarms.due_at <= $1 order by session_alarms.due_at limit $2
     )
     select due.sid from due where pg_try_advisory_xact_lock(hashtextextended(due.sid, 1))`,
    [new Date(nowMs), limit],
  );
  return rows.map(({ sid }) => sid);
}
