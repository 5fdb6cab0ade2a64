import type { PoolClient } from 'pg';
import type { UnixMs } from '../evidence/instant.js';
import { priorityOf, type QueryClass } from '../reconcile/query-class.js';
import type { Db, Queryable } from './database.js';

/** The next query of one session, as the schedule keeps it. */
export type ScheduledQuery = {
  sid: string;
  account: string;
  dueMs: UnixMs;
  queryClass: QueryClass;
  reason: string;
  lastVerifiedMs: UnixMs | null;
  liveSinceMs: UnixMs | null;
};

/**
 * Writes the coming queries and removes those of sessions that need none. A query that is on its way
 * keeps its lease, unless `answered` says that this is its answer: else a notification that comes in
 * between would have the session asked twice.
 */
export async function saveSchedule(
  tx: PoolClient,
  queries: readonly ScheduledQuery[],
  done: readonly string[],
  answered: boolean,
): Promise<void> {
  if (queries.length > 0) await upsertQueries(tx, queries, answered);
  if (done.length === 0) return;
  await tx.query(
    `delete from query_schedule
     where query_schedule.sid = any($1::text[])
       and ($2 or (query_schedule.claimed_at is null and query_schedule.requested_at is null))`,
    [done, answered],
  );
}

async function upsertQueries(
  tx: PoolClient,
  queries: readonly ScheduledQuery[],
  answered: boolean,
): Promise<void> {
  await tx.query(
    `insert into query_schedule as kept (
       sid, account, priority, reason, due_at, last_verified_at, live_since
     )
     select * from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::timestamptz[],
                          $6::timestamptz[], $7::timestamptz[])
     on conflict (sid) do update set
       account = excluded.account,
       last_verified_at = excluded.last_verified_at,
       live_since = excluded.live_since,
       claimed_at = case when $8 then null else kept.claimed_at end,
       asking = kept.asking and not $8,
       requested_at = case when $8 then null else kept.requested_at end,
       priority = case when $8 or (kept.claimed_at is null and kept.requested_at is null)
                       then excluded.priority else kept.priority end,
       reason = case when $8 or (kept.claimed_at is null and kept.requested_at is null)
                     then excluded.reason else kept.reason end,
       due_at = case when $8 or (kept.claimed_at is null and kept.requested_at is null)
                     then excluded.due_at else kept.due_at end`,
    [
      queries.map(({ sid }) => sid),
      queries.map(({ account }) => account),
      queries.map(({ queryClass }) => priorityOf(queryClass)),
      queries.map(({ reason }) => reason),
      queries.map(({ dueMs }) => new Date(dueMs)),
      queries.map(({ lastVerifiedMs }) => dateOrNull(lastVerifiedMs)),
      queries.map(({ liveSinceMs }) => dateOrNull(liveSinceMs)),
      answered,
    ],
  );
}

/** A person asks for a query now: it goes ahead of everything but the confirming of starts and ends. */
export async function requestQuery(
  db: Queryable,
  sid: string,
  account: string,
  nowMs: UnixMs,
): Promise<void> {
  await db.query(
    `insert into query_schedule as kept (sid, account, priority, reason, due_at, requested_at)
     values ($1, $2, $3, 'asked for by a person', $4, $4)
     on conflict (sid) do update set
       requested_at = excluded.requested_at,
       priority = least(kept.priority, excluded.priority),
       reason = case when kept.claimed_at is null then excluded.reason else kept.reason end,
       due_at = case when kept.claimed_at is null then least(kept.due_at, excluded.due_at)
                     else kept.due_at end`,
    [sid, account, priorityOf('asked'), new Date(nowMs)],
  );
}

/** A query that the planner has taken out of the schedule until its lease is over. */
export type ClaimedQuery = { sid: string; claimedMs: UnixMs; priority: number };

const CLAIM_DUE = `
with standing as (
  select count(*)::int as queued from query_schedule
  where query_schedule.account = $1 and query_schedule.claimed_at is not null
    and not query_schedule.asking and query_schedule.due_at > $2
), due as materialized (
  select chosen.sid
  from generate_series(0, $5::int - 1) as class (priority)
  cross join lateral (
    select query_schedule.sid, class.priority, query_schedule.due_at
    from query_schedule
    where query_schedule.account = $1 and query_schedule.priority = class.priority
      and query_schedule.due_at <= $2
    order by query_schedule.due_at
    limit greatest($4 - (select standing.queued from standing), 0)
    for update skip locked
  ) as chosen
  order by chosen.priority, chosen.due_at
  limit greatest($4 - (select standing.queued from standing), 0)
)
update query_schedule
set claimed_at = $2, due_at = $3, asking = false
from due where query_schedule.sid = due.sid
returning query_schedule.sid, query_schedule.priority`;

/**
 * Claims what is due, most urgent first, so that at most `room` queries of the account stand in the
 * queue. Each class is read from the front of its own stretch of the index: the cost does not grow
 * with the table. A claim that is not answered by the end of its lease is due again.
 */
export async function claimDue(
  db: Db,
  account: string,
  nowMs: UnixMs,
  leaseMs: number,
  room: number,
  classes: number,
): Promise<ClaimedQuery[]> {
  const { rows } = await db.pool.query<{ sid: string; priority: number }>(CLAIM_DUE, [
    account,
    new Date(nowMs),
    new Date(nowMs + leaseMs),
    room,
    classes,
  ]);
  return rows.map(({ sid, priority }) => ({ sid, priority, claimedMs: nowMs }));
}

/**
 * Takes up a claim, for one asking. False when it is not there any more: taken up already by a job
 * that ran twice, run out and claimed anew, or the session is over.
 */
export async function takeUpClaim(
  db: Db,
  sid: string,
  claimedMs: UnixMs,
  nowMs: UnixMs,
  leaseMs: number,
): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    `update query_schedule set claimed_at = $3, due_at = $4, asking = true
     where query_schedule.sid = $1 and query_schedule.claimed_at = $2 and not query_schedule.asking`,
    [sid, new Date(claimedMs), new Date(nowMs), new Date(nowMs + leaseMs)],
  );
  return rowCount === 1;
}

/** Gives a query back that was not asked: the account paused while it waited for its slot. */
export async function releaseClaim(db: Db, sid: string, dueMs: UnixMs): Promise<void> {
  await db.pool.query(
    `update query_schedule set claimed_at = null, asking = false, due_at = $2
     where query_schedule.sid = $1`,
    [sid, new Date(dueMs)],
  );
}

/** How many queries are due, by account and priority. */
export async function readDueCounts(
  db: Queryable,
  nowMs: UnixMs,
): Promise<{ account: string; priority: number; due: number }[]> {
  const { rows } = await db.query<{ account: string; priority: number; due: number }>(
    `select query_schedule.account, query_schedule.priority, count(*)::int as due
     from query_schedule where query_schedule.due_at <= $1 group by 1, 2`,
    [new Date(nowMs)],
  );
  return rows;
}

function dateOrNull(atMs: UnixMs | null): Date | null {
  return atMs === null ? null : new Date(atMs);
}
