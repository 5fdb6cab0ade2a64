import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

export type BucketMethod = 'list' | 'get';

/** Takes the next slot of a bucket, over all processes, and counts the request. Returns how long to wait for it. */
export async function takeBucketSlot(
  db: Queryable,
  bucket: string,
  method: BucketMethod,
  perSecond: number,
): Promise<number> {
  const column = method === 'list' ? 'lists' : 'gets';
  const { rows } = await db.query<{ wait_ms: number }>(
    `insert into bucket_paces as pace (bucket, next_slot_at, ${column})
     values ($1, clock_timestamp() + $2 * interval '1 millisecond', 1)
     on conflict (bucket) do update set
       next_slot_at = greatest(pace.next_slot_at, clock_timestamp()) + $2 * interval '1 millisecond',
       ${column} = pace.${column} + 1
     returning greatest(extract(epoch from pace.next_slot_at - clock_timestamp()) * 1000 - $2, 0)::float8 as wait_ms`,
    [bucket, 1000 / perSecond],
  );
  return rows[0]?.wait_ms ?? 0;
}

/** Notes that a bucket answered, or with what it refused. */
export async function noteBucketAnswer(
  db: Queryable,
  bucket: string,
  nowMs: UnixMs,
  refusal: string | null,
): Promise<void> {
  await db.query(
    `update bucket_paces set
       answered_at = case when $3::text is null then $2 else bucket_paces.answered_at end,
       refused_since = case when $3::text is null then null else coalesce(bucket_paces.refused_since, $2) end,
       refused_at = case when $3::text is null then null else $2 end,
       refusal = $3
     where bucket_paces.bucket = $1`,
    [bucket, new Date(nowMs), refusal],
  );
}

/** How a bucket stands. `refusal`: with what it refuses, since when, and when it last did. */
export type BucketState = {
  bucket: string;
  lists: number;
  gets: number;
  answeredMs: UnixMs | null;
  refusal: { sinceMs: UnixMs; lastMs: UnixMs; what: string } | null;
};

export async function readBucketStates(db: Queryable): Promise<readonly BucketState[]> {
  const { rows } = await db.query<PaceRow>(
    `select bucket_paces.bucket, bucket_paces.lists::float8 as lists, bucket_paces.gets::float8 as gets,
            bucket_paces.answered_at, bucket_paces.refused_since, bucket_paces.refused_at, bucket_paces.refusal
     from bucket_paces order by bucket_paces.bucket`,
  );
  return rows.map(({ bucket, lists, gets, answered_at, refused_since, refused_at, refusal }) => ({
    bucket,
    lists,
    gets,
    answeredMs: answered_at === null ? null : unixMs(answered_at.getTime()),
    refusal:
      refused_since === null || refused_at === null
        ? null
        : {
            sinceMs: unixMs(refused_since.getTime()),
            lastMs: unixMs(refused_at.getTime()),
            what: refusal ?? '',
          },
  }));
}

type PaceRow = {
  bucket: string;
  lists: number;
  gets: number;
  answered_at: Date | null;
  refused_since: Date | null;
  refused_at: Date | null;
  refusal: string | null;
};
