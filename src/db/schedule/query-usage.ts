import type { QueryOutcome } from '../../evidence/observation.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

const MINUTE_MS = 60_000;

/** Counts one query into its minute. */
export async function countQuery(
  db: Queryable,
  account: string,
  { askedMs, outcome }: { askedMs: UnixMs; outcome: QueryOutcome },
): Promise<void> {
  await db.query(
    `insert into query_usage (account, minute, outcome, asked) values ($1, $2, $3, 1)
     on conflict (account, minute, outcome) do update set asked = query_usage.asked + 1`,
    [account, new Date(Math.floor(askedMs / MINUTE_MS) * MINUTE_MS), outcome.kind],
  );
}

/** Drops the counts of minutes before `beforeMs`, at most `limit` rows. Returns how many. */
export async function dropUsage(db: Queryable, beforeMs: UnixMs, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from query_usage where query_usage.ctid in (
       select old.ctid from query_usage as old where old.minute < $1 limit $2
     )`,
    [new Date(beforeMs), limit],
  );
  return rowCount ?? 0;
}

/** Queries of one account in one hour that ended in the same way. */
export type UsageHour = { hourMs: UnixMs; account: string; outcome: QueryOutcome['kind']; queries: number };

/** Hours from `fromMs` on and before `toMs`; of all accounts if `account` is null. */
export async function readUsage(
  db: Queryable,
  { fromMs, toMs, account }: { fromMs: UnixMs; toMs: UnixMs; account: string | null },
): Promise<UsageHour[]> {
  const { rows } = await db.query<{ hour: Date } & Omit<UsageHour, 'hourMs'>>(
    `select date_bin('1 hour', query_usage.minute, 'epoch') as hour, query_usage.account, query_usage.outcome,
            sum(query_usage.asked)::int as queries
     from query_usage
     where query_usage.minute >= $1 and query_usage.minute < $2 and ($3::text is null or query_usage.account = $3)
     group by 1, 2, 3 order by 1, 2, 3`,
    [new Date(fromMs), new Date(toMs), account],
  );
  return rows.map(({ hour, ...usage }) => ({ ...usage, hourMs: unixMs(hour.getTime()) }));
}
