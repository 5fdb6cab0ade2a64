import type { PoolClient } from 'pg';
import type { UnixMs } from '../../evidence/instant.js';
import type { Candidate } from '../../reconcile/choose-queries.js';
import { classOf, priorityOf, type QueryClass } from '../../reconcile/query-class.js';
import type { Db, Queryable } from '../connection/database.js';

/** The next query about one session, as stored in the schedule. */
export type ScheduledQuery = {
  sid: string;
  account: string;
  /** Null while the session's app is unknown. */
  appId: string | null;
  dueMs: UnixMs;
  queryClass: QueryClass;
  reason: string;
  lastVerifiedMs: UnixMs | null;
  liveSinceMs: UnixMs | null;
  /** When the heartbeat after the last one counts as missed; null where none is expected. */
  beatDueMs: UnixMs | null;
  /** When a heartbeat counts as missed, from the last sign of life; null where none is expected. */
  suspectedMs: UnixMs | null;
  /** Its order among sessions whose heartbeat is missing; null where none is expected. */
  turnMs: UnixMs | null;
  /** When a further 404 would prove an end; null where there was no 404. */
  proofMs: UnixMs | null;
  /** When it was last asked about; null for a session that is not live. */
  waitingSinceMs: UnixMs | null;
};

/** Changes of the schedule that follow from a fold. */
export type ScheduleChange = {
  queries: readonly ScheduledQuery[];
  /** Sessions that need no further query. */
  done: readonly string[];
  /** Whether the fold included the answer to the claimed query. */
  answered: boolean;
};

/**
 * Writes the next queries and removes those of sessions that need none. A claimed query keeps its lease
 * unless this fold includes its answer; otherwise a notification in between would cause a second query.
 */
export async function saveSchedule(tx: PoolClient, { queries, done, answered }: ScheduleChange): Promise<void> {
  if (queries.length > 0) await upsertQueries(tx, { queries, answered });
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
  { queries, answered }: Pick<ScheduleChange, 'queries' | 'answered'>,
): Promise<void> {
  await tx.query(
    `insert into query_schedule as kept (
       sid, account, priority, reason, due_at, last_verified_at, live_since, beat_due_at, suspect_at,
       turn_at, proof_at, waiting_since, app_id
     )
     select * from unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::timestamptz[],
                          $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[],
                          $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $14::text[])
     on conflict (sid) do update set
       account = excluded.account,
       app_id = excluded.app_id,
       last_verified_at = excluded.last_verified_at,
       live_since = excluded.live_since,
       beat_due_at = excluded.beat_due_at,
       suspect_at = excluded.suspect_at,
       turn_at = excluded.turn_at,
       proof_at = excluded.proof_at,
       waiting_since = excluded.waiting_since,
       claimed_at = case when $13 then null else kept.claimed_at end,
       asking = kept.asking and not $13,
       requested_at = case when $13 then null else kept.requested_at end,
       priority = case when $13 or (kept.claimed_at is null and kept.requested_at is null)
                       then excluded.priority else kept.priority end,
       reason = case when $13 or (kept.claimed_at is null and kept.requested_at is null)
                     then excluded.reason else kept.reason end,
       due_at = case when $13 or (kept.claimed_at is null and kept.requested_at is null)
                     then excluded.due_at else kept.due_at end`,
    [
      queries.map(({ sid }) => sid),
      queries.map(({ account }) => account),
      queries.map(({ queryClass }) => priorityOf(queryClass)),
      queries.map(({ reason }) => reason),
      queries.map(({ dueMs }) => new Date(dueMs)),
      queries.map(({ lastVerifiedMs }) => dateOrNull(lastVerifiedMs)),
      queries.map(({ liveSinceMs }) => dateOrNull(liveSinceMs)),
      queries.map(({ beatDueMs }) => dateOrNull(beatDueMs)),
      queries.map(({ suspectedMs }) => dateOrNull(suspectedMs)),
      queries.map(({ turnMs }) => dateOrNull(turnMs)),
      queries.map(({ proofMs }) => dateOrNull(proofMs)),
      queries.map(({ waitingSinceMs }) => dateOrNull(waitingSinceMs)),
      answered,
      queries.map(({ appId }) => appId),
    ],
  );
}

/** Requests a query now, on a caller's wish. It goes ahead of everything except confirming starts and ends. */
export async function requestQuery(db: Queryable, sid: string, account: string, nowMs: UnixMs): Promise<void> {
  await db.query(
    `insert into query_schedule as kept (sid, account, app_id, priority, reason, due_at, requested_at)
     select $1, $2, (select sessions.app_id from sessions where sessions.sid = $1), $3::smallint,
            'asked for by a person', $4::timestamptz, $4::timestamptz
     on conflict (sid) do update set
       requested_at = excluded.requested_at,
       priority = least(kept.priority, excluded.priority),
       reason = case when kept.claimed_at is null then excluded.reason else kept.reason end,
       due_at = case when kept.claimed_at is null then least(kept.due_at, excluded.due_at)
                     else kept.due_at end`,
    [sid, account, priorityOf('asked'), new Date(nowMs)],
  );
}

/** A query that the planner has claimed until its lease expires. */
export type ClaimedQuery = { sid: string; claimedMs: UnixMs; priority: number };

/**
 * Claims the chosen queries, except those that another planner has claimed meanwhile. A query that is not
 * answered by the end of its lease is due again.
 */
export async function claimQueries(
  db: Db,
  chosen: readonly Candidate[],
  nowMs: UnixMs,
  leaseMs: number,
): Promise<ClaimedQuery[]> {
  if (chosen.length === 0) return [];
  const { rows } = await db.pool.query<{ sid: string }>(
    `with free as (
       select query_schedule.sid from query_schedule
       where query_schedule.sid = any($1::text[])
         and (query_schedule.claimed_at is null or query_schedule.due_at <= $2)
       for update skip locked
     )
     update query_schedule set claimed_at = $2, due_at = $3, asking = false
     from free where query_schedule.sid = free.sid
     returning query_schedule.sid`,
    [chosen.map(({ sid }) => sid), new Date(nowMs), new Date(nowMs + leaseMs)],
  );
  const claimed = new Set(rows.map(({ sid }) => sid));
  return chosen.filter(({ sid }) => claimed.has(sid)).map(({ sid, priority }) => ({ sid, priority, claimedMs: nowMs }));
}

/**
 * Starts a claim; this succeeds once. Returns the class of the query; null if the claim no longer exists: a job that
 * ran twice has started it already, it expired and was claimed again, or the session is over.
 */
export async function startClaim(
  db: Db,
  sid: string,
  claimedMs: UnixMs,
  nowMs: UnixMs,
  leaseMs: number,
): Promise<QueryClass | null> {
  const { rows } = await db.pool.query<{ priority: number }>(
    `update query_schedule set claimed_at = $3, due_at = $4, asking = true
     where query_schedule.sid = $1 and query_schedule.claimed_at = $2 and not query_schedule.asking
     returning query_schedule.priority`,
    [sid, new Date(claimedMs), new Date(nowMs), new Date(nowMs + leaseMs)],
  );
  return rows[0] === undefined ? null : classOf(rows[0].priority);
}

/**
 * Returns a claimed query that was not asked, for instance because the account was paused while it waited for
 * a slot.
 */
export async function releaseClaim(db: Db, sid: string, dueMs: UnixMs): Promise<void> {
  await db.pool.query(
    `update query_schedule set claimed_at = null, asking = false, due_at = $2
     where query_schedule.sid = $1`,
    [sid, new Date(dueMs)],
  );
}

/** Removes a session that needs no further query. */
export async function dropQuery(db: Queryable, sid: string): Promise<void> {
  await db.query(`delete from query_schedule where query_schedule.sid = $1`, [sid]);
}

function dateOrNull(atMs: UnixMs | null): Date | null {
  return atMs === null ? null : new Date(atMs);
}
