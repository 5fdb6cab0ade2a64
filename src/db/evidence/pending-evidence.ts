import type { PoolClient } from 'pg';
import type { RepeatedDelivery } from '../../evidence/evidence.js';
import type { Notice } from '../../evidence/notice.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import { decodeNoticeRow, type RawNoticeRow } from './notice-rows.js';

/** What waits to be folded, for the sessions that are locked. `others` names those to be read anew. */
export type PendingEvidence = {
  notices: readonly Notice[];
  repeats: readonly RepeatedDelivery[];
  /** Sessions about which somebody told something else: a registration, a stop answer, a replay. */
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

/** Marks that were taken away, so that they can be put back. */
export type PendingRows = readonly PendingRow[];

/**
 * How many marks there are of each of these sessions, in their order and counted no further than one
 * beyond `limit`; those that are folded in pieces are left out.
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

/** Takes the marks away; the transaction that folds what they stood for must be this one. */
export async function takePendingRows(tx: PoolClient, sids: readonly string[]): Promise<PendingRows> {
  const { rows } = await tx.query<PendingRow>(
    `delete from pending_evidence where pending_evidence.sid = any($1::text[])
     returning pending_evidence.id, pending_evidence.sid, pending_evidence.kind, pending_evidence.event_key,
               pending_evidence.received_at`,
    [sids],
  );
  return rows;
}

/** Takes the marks away of what was received at one moment. */
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

/** Puts marks back into the places that they had. */
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
 * What the marks stand for. Of notices no more than `bytes` are loaded, those of the sessions with the
 * fewest marks first. `cut` are the sessions of which some are missing; of them nothing is returned.
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

/** All that waits, however much: for sessions that are known to be small. */
export async function takePending(tx: PoolClient, sids: readonly string[]): Promise<PendingEvidence> {
  return loadPending(tx, await takePendingRows(tx, sids), Number.MAX_SAFE_INTEGER);
}

type LoadedRow = Omit<RawNoticeRow, 'raw'> & { raw: string | null };

/**
 * By the whole primary key, so that only the partitions of the days in question are touched, and one by
 * one: what has just been received is beyond what Postgres last counted, so it expects hardly any notices
 * of that time, and as a join it would compare each of them with each mark.
 */
async function loadNoticesOf(tx: PoolClient, marked: PendingRows, bytes: number): Promise<readonly LoadedRow[]> {
  const counts = [...countBy(marked)].sort((a, b) => a[1] - b[1]);
  const turns = new Map(counts.map(([sid], turn) => [sid, turn]));
  const { rows } = await tx.query<LoadedRow>(
    `select found.sid, found.app_id, found.event_key, found.received_at,
            case when found.before < $7 then found.raw end as raw
     from (
       select one.*,
              sum(octet_length(one.raw)) over (order by marked.turn, one.received_at, one.event_key)
                - octet_length(one.raw) as before
       from unnest($1::text[], $2::timestamptz[], $3::uuid[], $4::int[]) as marked (sid, received_at, event_key, turn)
       cross join lateral (
         select notices.sid, notices.app_id, notices.event_key, notices.received_at, notices.raw
         from notices
         where notices.sid = marked.sid and notices.received_at = marked.received_at
           and notices.event_key = marked.event_key
           and notices.received_at >= $5 and notices.received_at <= $6
         limit 1
       ) as one
     ) as found
     order by found.received_at, found.event_key`,
    [
      marked.map((row) => row.sid),
      marked.map((row) => row.received_at),
      marked.map((row) => row.event_key),
      marked.map((row) => turns.get(row.sid) ?? 0),
      extreme(marked, Math.min),
      extreme(marked, Math.max),
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

/** What the marks of a session tell, when it is to be read in pieces: too many to be taken one by one. */
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

/** Takes all marks of a session away, and counts the repeated deliveries that they stood for. */
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

/** Takes all marks of a session away, and counts all repeated deliveries there ever were of it: in one snapshot, so that each counts once. */
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

/** Whether somebody told something about a session that it has to be read anew for. */
export async function hasPendingRefold(tx: PoolClient, sid: string): Promise<boolean> {
  return (await sumUpPending(tx, sid)).others;
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
export async function requestFold(
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
export async function readBacklog(db: Queryable): Promise<{ waiting: number; oldestMs: number | null }> {
  const { rows } = await db.query<{ waiting: number; oldest: Date | null }>(
    `select count(*)::int as waiting, min(oldest.received_at) as oldest
     from (select pending_evidence.received_at from pending_evidence
           order by pending_evidence.id limit 10000) oldest`,
  );
  return { waiting: rows[0]?.waiting ?? 0, oldestMs: rows[0]?.oldest?.getTime() ?? null };
}
