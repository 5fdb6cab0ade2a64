import type { PoolClient } from 'pg';

/**
 * A session's lock is an advisory one, held to the end of the transaction: it works before the
 * session has a row. Whoever holds it is the only one to fold the session or to store what a query
 * told of it.
 */
export async function lockSession(tx: PoolClient, sid: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 1))`, [sid]);
}

/**
 * Locks the sessions with the oldest evidence that waits to be folded, at most `limit` of them and
 * skipping those that somebody else is folding. Costs the same however much is waiting.
 */
export async function lockPendingSessions(tx: PoolClient, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ sid: string }>(
    `with oldest as materialized (
       select pending_evidence.sid from pending_evidence order by pending_evidence.id limit $1 * 8
     ), waiting as materialized (
       select distinct oldest.sid from oldest limit $1
     )
     select waiting.sid from waiting
     where pg_try_advisory_xact_lock(hashtextextended(waiting.sid, 1))`,
    [limit],
  );
  return rows.map(({ sid }) => sid);
}
