import type { UnixMs } from '../../evidence/instant.js';
import type { Db, Queryable } from '../connection/database.js';
import { withTransaction } from '../connection/with-transaction.js';

/**
 * Records that Agora refused a query of an app (401 or 403). One session alone proves nothing about its app.
 * Two different sessions in a row do, with no other answer between them; so does the app's only session. True
 * if the app counts as refused from now on.
 */
export async function saveAppRefusal(db: Db, scope: string, appId: string, sid: string): Promise<boolean> {
  const { rows } = await db.pool.query<{ began: boolean }>(
    `with others as (
       select exists (select from query_schedule
                      where query_schedule.app_id = $2 and query_schedule.sid <> $3) as there
     )
     insert into query_pace as pace (account, next_slot_at, refused_sid, refused_since, tried_at)
     select $1, now(), $3, case when not others.there then now() end, now() from others
     on conflict (account) do update set
       refused_since = coalesce(pace.refused_since, excluded.refused_since,
                                case when pace.refused_sid <> excluded.refused_sid then now() end),
       refused_sid = excluded.refused_sid,
       tried_at = excluded.tried_at
     returning coalesce(pace.refused_since = now()::timestamptz(3), false) as began`,
    [scope, appId, sid],
  );
  return rows[0]?.began ?? false;
}

/** Returns the app's queued queries to the schedule: they would be refused too. */
export async function releaseClaimsOfApp(db: Queryable, appId: string): Promise<void> {
  await db.query(
    `update query_schedule set claimed_at = null, due_at = now()
     where query_schedule.app_id = $1 and query_schedule.claimed_at is not null and not query_schedule.asking`,
    [appId],
  );
}

/**
 * Records that an account counts as refused if enough of its apps are and none of its apps was answered
 * since. `began`: it counts as refused from now on; `goes_on`: it did before.
 */
export async function saveAccountRefusal(
  db: Db,
  account: string,
  appScopes: readonly string[],
  needed: number,
): Promise<'began' | 'goes_on' | 'not'> {
  const { rows } = await db.pool.query<{ began: boolean }>(
    `update query_pace
     set refused_since = coalesce(query_pace.refused_since, now()), tried_at = now()
     where query_pace.account = $1
       and (query_pace.refused_since is not null
            or (select count(*) from query_pace as app
                where app.account = any($2::text[]) and app.refused_since is not null and not app.answered_beside) >= $3)
     returning query_pace.refused_since = now()::timestamptz(3) as began`,
    [account, appScopes, needed],
  );
  if (rows[0] === undefined) return 'not';
  return rows[0].began ? 'began' : 'goes_on';
}

/** What is no longer refused, because one of its queries was answered. */
export type Accepted = { app: boolean; account: boolean };

/**
 * Records that a query of an app was answered, so neither the app nor its account is refused. Usually there
 * is nothing to change, and nothing is locked.
 */
export async function clearRefusals(
  db: Db,
  account: string,
  scope: string,
  appScopes: readonly string[],
): Promise<Accepted> {
  const names = [account, ...appScopes];
  const { rowCount } = await db.pool.query(
    `select from query_pace
     where query_pace.account = any($1::text[])
       and ((query_pace.account in ($2, $3) and (query_pace.refused_sid is not null or query_pace.refused_since is not null))
            or (query_pace.refused_since is not null and not query_pace.answered_beside))
     limit 1`,
    [names, account, scope],
  );
  if (rowCount === 0) return { app: false, account: false };
  return withTransaction(db, async (tx) => {
    const { rows } = await tx.query<{ account: string }>(
      `select query_pace.account from query_pace
       where query_pace.account = any($1::text[]) and (query_pace.refused_sid is not null or query_pace.refused_since is not null)
       order by query_pace.account for update`,
      [names],
    );
    const refused = await tx.query<{ account: string }>(CLEAR, [rows.map((row) => row.account), account, scope]);
    const ended = new Set(refused.rows.map((row) => row.account));
    return { app: ended.has(scope), account: ended.has(account) };
  });
}

/** Clears the refusals in the locked rows, and returns which there were. */
const CLEAR = `
with before as (
  select query_pace.account from query_pace
  where query_pace.account in ($2, $3) and query_pace.refused_since is not null
), cleared as (
  update query_pace
  set refused_since = case when query_pace.account in ($2, $3) then null else query_pace.refused_since end,
      refused_sid = case when query_pace.account in ($2, $3) then null else query_pace.refused_sid end,
      answered_beside = query_pace.account not in ($2, $3) and query_pace.refused_since is not null,
      paused_until = case when query_pace.account = $2 and query_pace.pause_reason = 'unauthorized' then null
                          else query_pace.paused_until end
  where query_pace.account = any($1::text[])
)
select before.account from before`;

/** Makes all sessions of the app due: each may have backed off for up to an hour. */
export async function bringForward(db: Queryable, appId: string, nowMs: UnixMs): Promise<void> {
  await db.query(
    `update query_schedule set due_at = $2
     where query_schedule.app_id = $1 and query_schedule.claimed_at is null and query_schedule.due_at > $2
       and query_schedule.live_since is not null`,
    [appId, new Date(nowMs)],
  );
}
