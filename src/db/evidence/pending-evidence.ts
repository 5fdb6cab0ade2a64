import type { PoolClient } from 'pg';
import type { RepeatedDelivery } from '../../evidence/evidence.js';
import type { Notice } from '../../evidence/notice.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import { decodeNoticeRow, type RawNoticeRow } from './notice-rows.js';

/**
 * The evidence of the locked sessions that waits to be folded. `others` are the sessions that must be folded
 * from scratch.
 */
export type PendingEvidence = {
  notices: readonly Notice[];
  repeats: readonly RepeatedDelivery[];
  /** Sessions with other new evidence: a registration, a stop answer, a replay. */
  others: ReadonlySet<string>;
};

export const NOTHING_PENDING: PendingEvidence = { notices: [], repeats: [], others: new Set() };

type PendingRow = {
  id: string;
  sid: string;
  kind: string;
  event_key: string | null;
  received_at: Date;
};

/** Pending rows that were deleted, in a form that allows restoring them. */
export type PendingRows = readonly PendingRow[];

/**
 * How many pending rows each of these sessions has, in the order given and counted up to `limit` + 1.
 * Sessions that are folded in pieces are left out.
 */
export async function countPendingRows(
  tx: PoolClient,
  sids: readonly string[],
  limit: number,
): Promise<readonly { sid: string; waiting: number }[]> {
  const { rows } = await tx.query<{ sid: string; waiting: number }>(
    `select told.sid, counted.waiting
     from unnest($1::text[]) with ordinality as told (sid, turn)
     cross join lateral (
       select count(*)::int as waiting
       from (select from pending_evidence where pending_evidence.sid = told.sid limit $2 + 1) as capped
     ) as counted
     where counted.waiting > 0
       and not exists (select from piecewise_folds where piecewise_folds.sid = told.sid)
     order by told.turn`,
    [sids, limit],
  );
  return rows;
}

/** Deletes the pending rows and returns them. Their evidence must be folded in the same transaction. */
export async function takePendingRows(tx: PoolClient, sids: readonly string[]): Promise<PendingRows> {
  const { rows } = await tx.query<PendingRow>(
    `delete from pending_evidence where pending_evidence.sid = any($1::text[])
     returning pending_evidence.id, pending_evidence.sid, pending_evidence.kind, pending_evidence.event_key,
               pending_evidence.received_at`,
    [sids],
  );
  return rows;
}

/** Deletes the pending rows of what was received at one moment. */
export async function takePendingRowsAt(tx: PoolClient, sid: string, receivedMs: UnixMs): Promise<PendingRows> {
  const { rows } = await tx.query<PendingRow>(
    `delete from pending_evidence
     where pending_evidence.sid = $1 and pending_evidence.kind = 'notice' and pending_evidence.received_at = $2
     returning pending_evidence.id, pending_evidence.sid, pending_evidence.kind, pending_evidence.event_key,
               pending_evidence.received_at`,
    [sid, new Date(receivedMs)],
  );
  return rows;
}

/** Restores deleted pending rows with their old ids, and so their old order. */
export async function restorePending(tx: PoolClient, rows: PendingRows): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into pending_evidence (id, sid, kind, event_key, received_at)
     select * from unnest($1::bigint[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[])`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.sid),
      rows.map((row) => row.kind),
      rows.map((row) => row.event_key),
      rows.map((row) => row.received_at),
    ],
  );
}

/**
 * Loads the evidence of pending rows. Loads at most `bytes` of notices, beginning with the sessions that have
 * the fewest pending rows. `cut` are the sessions that did not fit as a whole; nothing is returned for them.
 */
export async function loadPending(
  tx: PoolClient,
  waiting: PendingRows,
  bytes: number,
): Promise<PendingEvidence & { cut: ReadonlySet<string> }> {
  const noticed = waiting.filter((row) => row.kind === 'notice');
  const rows = noticed.length === 0 ? [] : await loadNoticesOf(tx, noticed, bytes);
  const cut = new Set(rows.filter(({ raw }) => raw === null).map(({ sid }) => sid));
  const whole = rows.flatMap(({ raw, ...row }) => (raw === null || cut.has(row.sid) ? [] : [{ ...row, raw }]));
  const rest = waiting.filter(({ sid }) => !cut.has(sid));
  const others = rest.filter(({ kind }) => kind !== 'notice' && kind !== 'repeated_delivery');
  return {
    notices: whole.map(decodeNoticeRow).filter((notice) => notice !== null),
    repeats: rest.filter((row) => row.kind === 'repeated_delivery').map(toRepeat),
    others: new Set(others.map(({ sid }) => sid)),
    cut,
  };
}

/** Takes all pending evidence of these sessions without a limit, for sessions that are known to be small. */
export async function takePending(tx: PoolClient, sids: readonly string[]): Promise<PendingEvidence> {
  return loadPending(tx, await takePendingRows(tx, sids), Number.MAX_SAFE_INTEGER);
}

type LoadedRow = Omit<RawNoticeRow, 'raw'> & { raw: string | null };

/**
 * Looks notices up by the whole primary key, so that only the partitions of the days in question are read,
 * and one by one. Postgres's statistics do not cover what has just been received, so it expects hardly any
 * notices of that time; a join would compare each of them with each pending row.
 */
async function loadNoticesOf(tx: PoolClient, pending: PendingRows, bytes: number): Promise<readonly LoadedRow[]> {
  const counts = [...countBy(pending)].sort((a, b) => a[1] - b[1]);
  const turns = new Map(counts.map(([sid], turn) => [sid, turn]));
  const { rows } = await tx.query<LoadedRow>(
    `select found.sid, found.app_id, found.event_key, found.received_at,
            case when found.before < $7 then found.raw end as raw
     from (
       select one.*,
              sum(octet_length(one.raw)) over (order by pending.turn, one.received_at, one.event_key)
                - octet_length(one.raw) as before
       from unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::int[]) as pending (sid, received_at, event_key, turn)
       cross join lateral (
         select notices.sid, notices.app_id, notices.event_key, notices.received_at, notices.raw
         from notices
         where notices.sid = pending.sid and notices.received_at = pending.received_at
           and notices.event_key = pending.event_key
           and notices.received_at >= $5 and notices.received_at <= $6
         limit 1
       ) as one
     ) as found
     order by found.received_at, found.event_key`,
    [
      pending.map((row) => row.sid),
      pending.map((row) => row.received_at),
      pending.map((row) => row.event_key),
      pending.map((row) => turns.get(row.sid) ?? 0),
      extreme(pending, Math.min),
      extreme(pending, Math.max),
      bytes,
    ],
  );
  return rows;
}

function countBy(rows: PendingRows): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { sid } of rows) counts.set(sid, (counts.get(sid) ?? 0) + 1);
  return counts;
}

/**
 * A summary of a session's pending rows, for a session that is folded in pieces and has too many rows to take
 * one by one.
 */
export type PendingSum = { others: boolean; earliestMs: UnixMs | null };

export async function sumUpPending(tx: PoolClient, sid: string): Promise<PendingSum> {
  const { rows } = await tx.query<{ others: boolean | null; earliest: Date | null }>(
    `select bool_or(pending_evidence.kind not in ('notice', 'repeated_delivery')) as others,
            min(pending_evidence.received_at) filter (where pending_evidence.kind = 'notice') as earliest
     from pending_evidence where pending_evidence.sid = $1`,
    [sid],
  );
  const earliest = rows[0]?.earliest ?? null;
  return {
    others: rows[0]?.others ?? false,
    earliestMs: earliest === null ? null : unixMs(earliest.getTime()),
  };
}

export type RepeatsInSum = { times: number; lastMs: UnixMs | null };

/** Deletes all pending rows of a session, and counts the repeated deliveries among them. */
export async function dropPending(tx: PoolClient, sid: string): Promise<RepeatsInSum> {
  const { rows } = await tx.query<{ times: number; last: Date | null }>(
    `with gone as (
       delete from pending_evidence where pending_evidence.sid = $1
       returning pending_evidence.kind, pending_evidence.received_at
     )
     select count(*)::int as times, max(gone.received_at) as last from gone where gone.kind = 'repeated_delivery'`,
    [sid],
  );
  return toSum(rows[0]);
}

/**
 * Deletes all pending rows of a session, and counts all its repeated deliveries so far. Both happen in one
 * snapshot, so that each delivery counts once.
 */
export async function dropPendingAndCountAll(tx: PoolClient, sid: string): Promise<RepeatsInSum> {
  const { rows } = await tx.query<{ times: number; last: Date | null }>(
    `with gone as (delete from pending_evidence where pending_evidence.sid = $1)
     select count(*)::int as times, max(repeated_deliveries.received_at) as last
     from repeated_deliveries where repeated_deliveries.sid = $1`,
    [sid],
  );
  return toSum(rows[0]);
}

function toSum(row: { times: number; last: Date | null } | undefined): RepeatsInSum {
  const last = row?.last ?? null;
  return { times: row?.times ?? 0, lastMs: last === null ? null : unixMs(last.getTime()) };
}

/**
 * Whether a session has pending evidence for which it must be folded from scratch, such as a registration or
 * a stop answer.
 */
export async function hasPendingRefold(tx: PoolClient, sid: string): Promise<boolean> {
  return (await sumUpPending(tx, sid)).others;
}

function extreme(pending: readonly PendingRow[], pick: (...ms: number[]) => number): Date {
  return new Date(pending.reduce((ms, row) => pick(ms, row.received_at.getTime()), firstMs(pending)));
}

function firstMs(pending: readonly PendingRow[]): number {
  return pending[0]?.received_at.getTime() ?? 0;
}

function toRepeat(row: PendingRow): RepeatedDelivery {
  return {
    kind: 'repeated_delivery',
    sid: row.sid,
    eventKey: (row.event_key ?? '').replaceAll('-', ''),
    receivedMs: unixMs(row.received_at.getTime()),
  };
}

/** Adds a pending row that makes the next fold of this session read all of its evidence again. */
export async function requestFold(
  db: Queryable,
  sid: string,
  kind: 'registration' | 'stop_answer' | 'passed_call' | 'replay',
  receivedMs: number,
): Promise<void> {
  await db.query(`insert into pending_evidence (sid, kind, received_at) values ($1, $2, $3)`, [
    sid,
    kind,
    new Date(receivedMs),
  ]);
}

/** How many pieces of evidence wait to be folded, and since when. */
export async function readBacklog(db: Queryable): Promise<{ waiting: number; oldestMs: number | null }> {
  const { rows } = await db.query<{ waiting: number; oldest: Date | null }>(
    `select count(*)::int as waiting, min(oldest.received_at) as oldest
     from (select pending_evidence.received_at from pending_evidence
           order by pending_evidence.id limit 10000) oldest`,
  );
  return { waiting: rows[0]?.waiting ?? 0, oldestMs: rows[0]?.oldest?.getTime() ?? null };
}
