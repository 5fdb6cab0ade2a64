import type { UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

/** A body with a valid signature that could not be parsed, stored as it came. */
export type QuarantineRow = {
  appId: string;
  /** Digest of the raw body, 32 hex digits: the same body is stored once. */
  digest: string;
  raw: Buffer;
  reason: string;
  receivedMs: UnixMs;
};

const STORE_QUARANTINE = `
with stored as (
  insert into quarantined_bodies (app_id, digest, raw, reason, received_at)
  select incoming.* from unnest($1::text[], $2::uuid[], $3::bytea[], $4::text[], $5::timestamptz[]) as incoming
  on conflict do nothing
  returning id
), counted as (
  insert into counters (name, shard, value)
  select 'quarantined', $6::smallint, (select count(*) from stored)
  on conflict (name, shard) do update set value = counters.value + excluded.value
)
select count(*)::int as stored from stored`;

export async function storeQuarantine(
  db: Queryable,
  rows: readonly QuarantineRow[],
  shard: number,
): Promise<{ stored: number }> {
  const result = await db.query<{ stored: number }>(STORE_QUARANTINE, [
    rows.map((row) => row.appId),
    rows.map((row) => row.digest),
    rows.map((row) => row.raw),
    rows.map((row) => row.reason),
    rows.map((row) => new Date(row.receivedMs)),
    shard,
  ]);
  return result.rows[0] ?? { stored: 0 };
}
