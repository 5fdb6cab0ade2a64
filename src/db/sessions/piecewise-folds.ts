import type { PoolClient } from 'pg';
import type { SessionFacts } from '../../sessions/facts/facts.js';
import { upgradeFacts } from '../../sessions/facts/upgrade-facts.js';
import type { Queryable } from '../connection/database.js';
import type { NoticePosition } from '../evidence/notice-pages.js';
import type { ObservationPosition } from '../evidence/observations.js';

/** The progress of a session that is folded in pieces. */
export type PiecewiseFold = {
  sid: string;
  /** The facts of the pieces so far; null where pieces are added to the session's own facts. */
  facts: SessionFacts | null;
  /** The last notice that was read; null before the first. */
  notices: NoticePosition | null;
  /** The last observation that was read, of a session that is read anew. */
  observations: ObservationPosition | null;
};

type Row = {
  sid: string;
  facts: SessionFacts | null;
  notices_until: Date | null;
  notices_key: string | null;
  observed_until: Date | null;
  observed_id: string | null;
};

/** Saves the progress, and moves the session behind all others that are folded in pieces. */
export async function savePiecewise(tx: PoolClient, progress: PiecewiseFold): Promise<void> {
  const { sid, facts, notices, observations } = progress;
  await tx.query(
    `insert into piecewise_folds (sid, facts, notices_until, notices_key, observed_until, observed_id, worked_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp())
     on conflict (sid) do update set
       facts = excluded.facts, notices_until = excluded.notices_until, notices_key = excluded.notices_key,
       observed_until = excluded.observed_until, observed_id = excluded.observed_id, worked_at = excluded.worked_at`,
    [
      sid,
      facts === null ? null : JSON.stringify(facts),
      notices?.receivedAt ?? null,
      notices?.eventKey ?? null,
      observations?.askedAt ?? null,
      observations?.id ?? null,
    ],
  );
}

export async function loadPiecewise(tx: PoolClient, sid: string): Promise<PiecewiseFold | null> {
  const { rows } = await tx.query<Row>(`select piecewise_folds.* from piecewise_folds where piecewise_folds.sid = $1`, [
    sid,
  ]);
  const row = rows[0];
  if (row === undefined) return null;
  const { notices_until, notices_key, observed_until, observed_id } = row;
  return {
    sid,
    facts: row.facts === null ? null : upgradeFacts(row.facts),
    notices:
      notices_until === null || notices_key === null ? null : { receivedAt: notices_until, eventKey: notices_key },
    observations: observed_until === null || observed_id === null ? null : { askedAt: observed_until, id: observed_id },
  };
}

export async function endPiecewise(tx: PoolClient, sid: string): Promise<void> {
  await tx.query(`delete from piecewise_folds where piecewise_folds.sid = $1`, [sid]);
}

/** Sessions that are folded in pieces, in the order of their turns. */
export async function listPiecewise(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ sid: string }>(
    `select piecewise_folds.sid from piecewise_folds order by piecewise_folds.worked_at limit 100`,
  );
  return rows.map(({ sid }) => sid);
}
