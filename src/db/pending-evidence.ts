import type { PoolClient } from 'pg';
import type { RepeatedDelivery } from '../evidence/evidence.js';
import type { Notice } from '../evidence/notice.js';
import { unixMs } from '../evidence/instant.js';
import type { Queryable } from './database.js';
import { decodeNoticeRow, type RawNoticeRow } from './notice-rows.js';

/** What waits to be folded, for the sessions that are locked. `others` names those to be read anew. */
export type PendingEvidence = {
  notices: readonly Notice[];
  repeats: readonly RepeatedDelivery[];
  /** Sessions about which somebody told something else: a registration, a stop answer, a replay. */
  others: ReadonlySet<string>;
};

export const NOTHING_PENDING: PendingEvidence = { notices: [], repeats: [], others: new Set() };

type PendingRow = { sid: string; kind: string; event_key: string | null; received_at: Date };

/** Takes the marks away; the transaction that folds what they stood for must be this one. */
export async function takePending(
  tx: PoolClient,
  sids: readonly string[],
): Promise<PendingEvidence> {
  const { rows } = await tx.query<PendingRow>(
    `delete from pending_evidence where pending_evidence.sid = any($1::text[])
     returning pending_evidence.sid, pending_evidence.kind, pending_evidence.event_key,
               pending_evidence.received_at`,
    [sids],
  );
  const marked = rows.filter((row) => row.kind === 'notice');
  return {
    notices: marked.length === 0 ? [] : await loadMarked(tx, marked),
    repeats: rows.filter((row) => row.kind === 'repeated_delivery').map(toRepeat),
    others: new Set(
      rows
        .filter(({ kind }) => kind !== 'notice' && kind !== 'repeated_delivery')
        .map(({ sid }) => sid),
    ),
  };
}

/** By the whole primary key, so that only the partitions of the days in question are touched. */
async function loadMarked(tx: PoolClient, marked: readonly PendingRow[]): Promise<Notice[]> {
  const { rows } = await tx.query<RawNoticeRow>(
    `select notices.sid, notices.app_id, notices.event_key, notices.received_at, notices.raw
     from unnest($1::text[], $2::timestamptz[], $3::uuid[]) as marked (sid, received_at, event_key)
     join notices on notices.sid = marked.sid and notices.received_at = marked.received_at
                 and notices.event_key = marked.event_key
     where notices.received_at >= $4 and notices.received_at <= $5
     order by notices.received_at, notices.event_key`,
    [
      marked.map((row) => row.sid),
      marked.map((row) => row.received_at),
      marked.map((row) => row.event_key),
      extreme(marked, Math.min),
      extreme(marked, Math.max),
    ],
  );
  return rows.map(decodeNoticeRow).filter((notice) => notice !== null);
}

function extreme(marked: readonly PendingRow[], pick: (...ms: number[]) => number): Date {
  return new Date(marked.reduce((ms, row) => pick(ms, row.received_at.getTime()), firstMs(marked)));
}

function firstMs(marked: readonly PendingRow[]): number {
  return marked[0]?.received_at.getTime() ?? 0;
}

function toRepeat(row: PendingRow): RepeatedDelivery {
  return {
    kind: 'repeated_delivery',
    sid: row.sid,
    eventKey: (row.event_key ?? '').replaceAll('-', ''),
    receivedMs: unixMs(row.received_at.getTime()),
  };
}

/** Marks a session so that the next fold reads all of its evidence anew. */
export async function markForFold(
  db: Queryable,
  sid: string,
  kind: 'registration' | 'stop_answer' | 'replay',
  receivedMs: number,
): Promise<void> {
  await db.query(`insert into pending_evidence (sid, kind, received_at) values ($1, $2, $3)`, [
    sid,
    kind,
    new Date(receivedMs),
  ]);
}

/** How much waits to be folded, and since when. */
export async function readBacklog(
  db: Queryable,
): Promise<{ waiting: number; oldestMs: number | null }> {
  const { rows } = await db.query<{ waiting: number; oldest: Date | null }>(
    `select count(*)::int as waiting, min(oldest.received_at) as oldest
     from (select pending_evidence.received_at from pending_evidence
           order by pending_evidence.id limit 10000) oldest`,
  );
  return { waiting: rows[0]?.waiting ?? 0, oldestMs: rows[0]?.oldest?.getTime() ?? null };
}
