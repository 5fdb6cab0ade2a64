import type { PoolClient } from 'pg';

/**
 * A session's lock is an advisory one, held to the end of the transaction: it works before the
 * session has a row. Whoever holds it is the only one to fold the session or to store what a query
 * told of it.
 */
export async function lockSession(tx: PoolClient, sid: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 1))`, [sid]);
}

/** The same where nobody else holds it just now. */
export async function tryLockSession(tx: PoolClient, sid: string): Promise<boolean> {
  const { rows } = await tx.query<{ locked: boolean }>(
    `select pg_try_advisory_xact_lock(hashtextextended($1, 1)) as locked`,
    [sid],
  );
  return rows[0]?.locked ?? false;
}

/** So many of the oldest marks are looked at for each session that is wanted, and then, up to a bound, more. */
const MARKS_LOOKED_AT = 8;
const LOOK_FURTHER = 8;
const FURTHEST = MARKS_LOOKED_AT * LOOK_FURTHER ** 2;

/**
 * Locks the sessions with the oldest evidence that waits to be folded, at most `limit` of them, in the
 * order of their waiting. Those that somebody else is folding are skipped: where too few are left among
 * the oldest marks, the younger ones are looked at too, so that several who fold share what waits. Costs
 * the same however much that is.
 */
export async function lockPendingSessions(tx: PoolClient, limit: number): Promise<string[]> {
  for (let each = MARKS_LOOKED_AT; ; each *= LOOK_FURTHER) {
    const { sids, looked } = await lockOldest(tx, limit, limit * each);
    if (sids.length >= limit || looked < limit * each || each >= FURTHEST) return sids;
  }
}

/** The locks are taken row by row, in the order of `waiting`, until there are enough. */
async function lockOldest(tx: PoolClient, limit: number, marks: number): Promise<{ sids: string[]; looked: number }> {
  const { rows } = await tx.query<{ sids: string[]; looked: number }>(
    `with oldest as materialized (
       select pending_evidence.sid, pending_evidence.id from pending_evidence
       where not exists (select from piecewise_folds where piecewise_folds.sid = pending_evidence.sid)
       order by pending_evidence.id limit $2
     ), waiting as materialized (
       select oldest.sid from oldest group by oldest.sid order by min(oldest.id)
     ), locked as materialized (
       select waiting.sid from waiting
       where pg_try_advisory_xact_lock(hashtextextended(waiting.sid, 1)) limit $1
     )
     select array(select locked.sid from locked) as sids, (select count(*)::int from oldest) as looked`,
    [limit, marks],
  );
  return rows[0] ?? { sids: [], looked: 0 };
}
