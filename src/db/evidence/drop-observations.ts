import type { PoolClient } from 'pg';
import { plusMs, type UnixMs } from '../../evidence/instant.js';
import type { Db } from '../connection/database.js';
import { withTransaction } from '../connection/with-transaction.js';
import { ARCHIVED_AFTER_MS } from './archived-facts.js';

/** How much of one slice was dropped; `next` is where the next slice begins, null after the last. */
export type DroppedSlice = { dropped: number; next: string | null };

const SLICE = 2_000;

type Row = { id: string; sid: string; asked_at: Date; last_answered_at: Date };

/**
 * Drops the observations before `beforeMs` of sessions that are over and were not folded since, one slice of the
 * table at a time. As for notices, the facts are archived, and a fold from scratch starts from them.
 * Ours: docs/decisions/012-retention-keeps-what-evidence-amounts-to.md
 */
export async function dropObservations(
  db: Pick<Db, 'pool'>,
  after: string,
  beforeMs: UnixMs,
  nowMs: UnixMs,
): Promise<DroppedSlice> {
  return withTransaction(db, async (tx) => {
    const { rows } = await tx.query<Row>(
      `select observations.id, observations.sid, observations.asked_at, observations.last_answered_at
       from observations where observations.id > $1::bigint order by observations.id limit $2`,
      [after, SLICE],
    );
    const old = rows.filter((row) => row.last_answered_at.getTime() < beforeMs);
    const sids = await archive(tx, [...new Set(old.map(({ sid }) => sid))], beforeMs, nowMs);
    const ids = old.filter(({ sid }) => sids.has(sid)).map(({ id }) => id);
    if (ids.length > 0) await tx.query(`delete from observations where observations.id = any($1::bigint[])`, [ids]);
    const isLast = rows.length < SLICE || rows.every((row) => row.asked_at.getTime() >= beforeMs);
    return { dropped: ids.length, next: isLast ? null : (rows.at(-1)?.id ?? null) };
  });
}

/** Archives the facts of those sessions that are over and have old evidence only. Returns which. */
async function archive(
  tx: PoolClient,
  sids: readonly string[],
  beforeMs: UnixMs,
  nowMs: UnixMs,
): Promise<ReadonlySet<string>> {
  if (sids.length === 0) return new Set();
  const { rows } = await tx.query<{ sid: string }>(
    `insert into archived_facts (sid, facts, archived_at)
     select sessions.sid, sessions.facts, $3 from sessions
     where sessions.sid = any($1::text[]) and sessions.state in ('ended', 'failed')
       and greatest(sessions.folded_at, sessions.updated_at) < $2
       and not exists (select from observations as newer where newer.sid = sessions.sid and newer.last_answered_at >= $2)
       and not exists (select from pending_evidence where pending_evidence.sid = sessions.sid)
       and not exists (select from piecewise_folds where piecewise_folds.sid = sessions.sid)
     on conflict (sid) do update set facts = excluded.facts, archived_at = excluded.archived_at
     returning archived_facts.sid`,
    [sids, new Date(beforeMs), new Date(plusMs(nowMs, -ARCHIVED_AFTER_MS))],
  );
  return new Set(rows.map(({ sid }) => sid));
}
