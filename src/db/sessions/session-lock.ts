import type { PoolClient } from 'pg';

/**
 * A session's lock is an advisory one, held to the end of the transaction: it works before the session has a
 * row. Only the transaction that holds it may fold the session or store an answer about it.
 */
export async function lockSession(tx: PoolClient, sid: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 1))`, [sid]);
}

/** Takes the lock only if it is free now. */
export async function tryLockSession(tx: PoolClient, sid: string): Promise<boolean> {
  const { rows } = await tx.query<{ locked: boolean }>(
    `select pg_try_advisory_xact_lock(hashtextextended($1, 1)) as locked`,
    [sid],
  );
  return rows[0]?.locked ?? false;
}

/** For each wanted session, this many of the oldest pending rows are read at first, and more of them up to a bound. */
const ROWS_PER_SESSION = 8;
const READ_FURTHER = 8;
const MOST_ROWS_PER_SESSION = ROWS_PER_SESSION * READ_FURTHER ** 2;

/**
 * Locks at most `limit` sessions with the oldest pending evidence, oldest first. Sessions that another worker
 * is folding are skipped. If too few are left among the oldest pending rows, younger ones are read too, so
 * that several workers share what waits. The cost does not depend on how much waits.
 */
export async function lockPendingSessions(tx: PoolClient, limit: number): Promise<string[]> {
  for (let each = ROWS_PER_SESSION; ; each *= READ_FURTHER) {
    const { sids, looked } = await lockOldest(tx, limit, limit * each);
    if (sids.length >= limit || looked < limit * each || each >= MOST_ROWS_PER_SESSION) return sids;
  }
}

/** Takes the locks row by row, in the order of `waiting`, until there are enough. */
async function lockOldest(
  tx: PoolClient,
  limit: number,
  rowsRead: number,
): Promise<{ sids: string[]; looked: number }> {
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
    [limit, rowsRead],
  );
  return rows[0] ?? { sids: [], looked: 0 };
}
