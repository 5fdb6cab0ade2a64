import type { UnixMs } from '../../evidence/instant.js';
import type { Db } from '../connection/database.js';
import type { DroppedSlice } from './drop-observations.js';

/** So many pages of 8 KiB are read at a time: about 50,000 identities. */
const SLICE = 500;

/**
 * Drops the identities of notices that were received before `beforeMs` and whose bodies are gone, one slice of the
 * table's pages at a time. An index by time would cost every notification a write; reading the whole table once a
 * day is cheaper.
 */
export async function dropIdentities(
  { pool }: Pick<Db, 'pool'>,
  page: string,
  beforeMs: UnixMs,
): Promise<DroppedSlice> {
  const from = BigInt(page);
  const to = from + BigInt(SLICE);
  const { rows } = await pool.query<{ dropped: number; pages: string }>(
    `with gone as (
       delete from notice_identities as old
       where old.ctid >= $1::text::tid and old.ctid < $2::text::tid and old.received_at < $3
         and not exists (select from evidence_parts.notices_default as kept where kept.event_key = old.event_key)
       returning old.notice_key
     )
     select count(*)::int as dropped,
            (pg_relation_size('notice_identities') / current_setting('block_size')::int)::text as pages
     from gone`,
    [`(${String(from)},0)`, `(${String(to)},0)`, new Date(beforeMs)],
  );
  const { dropped = 0, pages = '0' } = rows[0] ?? {};
  return { dropped, next: to < BigInt(pages) ? String(to) : null };
}
