import type { Queryable } from '../connection/database.js';

/** Notes how many queries a second each account may ask, where that is not what was noted last. */
export async function noteLimits(db: Queryable, limits: readonly { name: string; limit: number }[]): Promise<void> {
  await db.query(
    `insert into query_limits (account, since, per_second)
     select told.account, now(), told.per_second from unnest($1::text[], $2::float8[]) as told (account, per_second)
     where told.per_second is distinct from (
       select noted.per_second from query_limits as noted where noted.account = told.account
       order by noted.since desc limit 1
     )
     on conflict do nothing`,
    [limits.map(({ name }) => name), limits.map(({ limit }) => limit)],
  );
}
