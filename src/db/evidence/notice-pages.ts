import type { PoolClient } from 'pg';
import type { Notice } from '../../evidence/notice.js';
import { decodeNoticeRow, type RawNoticeRow } from './notice-rows.js';

/** A notice's position in the order in which a session's notices are folded. */
export type NoticePosition = { receivedAt: Date; eventKey: string };

/** The most that is read or written at once. */
export type PageSize = { evidence: number; bytes: number };

export type NoticePage = {
  notices: readonly Notice[];
  /** The position of the last notice; null on an empty page. */
  last: NoticePosition | null;
  /** True if nothing followed when the page was read. */
  isLast: boolean;
};

type PagedRow = RawNoticeRow & { found: number };

/**
 * Returns the next notices of a session in order of receipt, and deletes their pending rows. A notice that
 * commits meanwhile is either on the page and its pending row is deleted, or it is not and its pending row
 * stays: both are written together, and only the pending rows of the notices on the page are deleted. The
 * caller holds the session's lock.
 */
export async function takeNoticePage(
  tx: PoolClient,
  sid: string,
  after: NoticePosition | null,
  size: PageSize,
): Promise<NoticePage> {
  const { rows } = await tx.query<PagedRow>(
    `select page.* from (
       select next.*, count(*) over ()::int as found,
              sum(octet_length(next.raw)) over (order by next.received_at, next.event_key) - octet_length(next.raw) as before
       from (
         select notices.sid, notices.app_id, notices.event_key, notices.received_at, notices.raw
         from notices
         where notices.sid = $1 and notices.received_at >= $2 and (notices.received_at, notices.event_key) > ($2, $3)
         order by notices.received_at, notices.event_key limit $4
       ) next
     ) page where page.before < $5 order by page.received_at, page.event_key`,
    [sid, after?.receivedAt ?? new Date(0), after?.eventKey ?? LOWEST_KEY, size.evidence, size.bytes],
  );
  await takeMarksOf(tx, sid, rows);
  const last = rows.at(-1);
  return {
    notices: rows.map(decodeNoticeRow).filter((notice) => notice !== null),
    last: last === undefined ? null : { receivedAt: last.received_at, eventKey: last.event_key },
    isLast: rows.length < size.evidence && rows.length === (last?.found ?? 0),
  };
}

const LOWEST_KEY = '00000000-0000-0000-0000-000000000000';
/** Sorts after every notice that was received in the same millisecond. */
export const HIGHEST_KEY = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

async function takeMarksOf(tx: PoolClient, sid: string, rows: readonly RawNoticeRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `delete from pending_evidence using unnest($2::uuid[], $3::timestamptz[]) as taken (event_key, received_at)
     where pending_evidence.sid = $1 and pending_evidence.kind = 'notice'
       and pending_evidence.event_key = taken.event_key and pending_evidence.received_at = taken.received_at`,
    [sid, rows.map((row) => row.event_key), rows.map((row) => row.received_at)],
  );
}
