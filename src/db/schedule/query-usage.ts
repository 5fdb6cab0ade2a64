import type { QueryOutcome } from '../../evidence/observation.js';
import type { UnixMs } from '../../evidence/instant.js';
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
