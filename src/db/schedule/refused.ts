import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Candidate } from '../../reconcile/choose-queries.js';
import type { Db, Queryable } from '../connection/database.js';

/** What is refused, by its name in `query_pace`, and since when. */
export async function readRefusals(db: Queryable): Promise<ReadonlyMap<string, UnixMs>> {
  const { rows } = await db.query<{ account: string; since: Date }>(
    `select query_pace.account, query_pace.refused_since as since from query_pace
     where query_pace.refused_since is not null`,
  );
  return new Map(rows.map(({ account, since }) => [account, unixMs(since.getTime())]));
}

/** Accounts all of whose live sessions belong to these apps, so that no query can be asked. */
export async function readWhollyRefused(db: Queryable, appIds: readonly string[]): Promise<readonly string[]> {
  if (appIds.length === 0) return [];
  const { rows } = await db.query<{ account: string }>(
    `select query_schedule.account from query_schedule where query_schedule.live_since is not null
     group by query_schedule.account
     having bool_and(coalesce(query_schedule.app_id = any($1::text[]), false))`,
    [appIds],
  );
  return rows.map(({ account }) => account);
}

/** True for one caller each time that `everyMs` has passed since the last probe of the refused scope. */
export async function claimProbe(db: Db, scope: string, everyMs: number): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    `update query_pace set tried_at = now()
     where query_pace.account = $1 and query_pace.refused_since is not null
       and query_pace.tried_at <= now() - $2::float8 * interval '1 millisecond'`,
    [scope, everyMs],
  );
  return rowCount === 1;
}

/**
 * Chooses the session to ask about to see whether an app, or its whole account, is still refused: the one
 * that is due first, even if not yet, of the app whose last refusal is the oldest. So the apps of an account
 * take turns, and one that stays refused does not keep the others from being probed. Reads the whole schedule
 * of the account, once a minute.
 */
export async function findProbe(
  db: Queryable,
  account: string,
  appId: string | null,
  nowMs: UnixMs,
): Promise<Candidate | null> {
  const { rows } = await db.query<{ sid: string; priority: number; due_at: Date }>(
    `select query_schedule.sid, query_schedule.priority, query_schedule.due_at from query_schedule
     left join query_pace on query_pace.account = query_schedule.account || '/' || query_schedule.app_id
     where query_schedule.account = $1 and ($2::text is null or query_schedule.app_id = $2)
       and (query_schedule.claimed_at is null or query_schedule.due_at <= $3)
     order by query_pace.tried_at nulls first, query_schedule.due_at limit 1`,
    [account, appId, new Date(nowMs)],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return { sid: row.sid, priority: row.priority, sinceMs: unixMs(row.due_at.getTime()) };
}
