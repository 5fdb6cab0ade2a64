import type { UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import { queryNamed } from '../connection/own-session.js';

/** A notification as it is stored: its raw body, and the columns by which it is found. */
export type NoticeRow = {
  /** Empty where the notification is not about a recording. */
  sid: string;
  receivedMs: UnixMs;
  /** Identity of the event itself, and of the notification: 32 hex digits each. */
  eventKey: string;
  noticeKey: string;
  noticeId: string | null;
  appId: string;
  productId: number | null;
  eventType: number;
  serviceType: number | null;
  uid: string | null;
  sequence: number | null;
  occurredMs: UnixMs;
  isTest: boolean;
  raw: string;
};

export type StoredCount = { stored: number; repeated: number };

/** Why a notification is in quarantine that could be read, and whose noticeId another one has. */
export const CONTRADICTION = 'a known noticeId with other content';

const STORE_NOTICES = `
with incoming as (
  select told.sid, told."eventKey" as event_key, told."noticeKey" as notice_key,
         told."noticeId" as notice_id, told."appId" as app_id, told."productId" as product_id,
         told."eventType" as event_type, told."serviceType" as service_type, told.uid, told.sequence,
         to_timestamp(told."receivedMs" / 1000) as received_at,
         to_timestamp(told."occurredMs" / 1000) as occurred_at,
         told."isTest" as is_test, told.raw, told.turn
  from json_to_recordset($1::json) as told (
    sid text, "receivedMs" double precision, "eventKey" uuid, "noticeKey" uuid, "noticeId" text,
    "appId" text, "productId" int, "eventType" int, "serviceType" int, uid text, sequence bigint,
    "occurredMs" double precision, "isTest" boolean, raw text, turn smallint
  )
), fresh as (
  insert into notice_identities (notice_key, event_key, received_at)
  select incoming.notice_key, incoming.event_key, incoming.received_at
  from incoming where incoming.turn > 0
  order by incoming.turn, incoming.event_key
  on conflict do nothing
  returning notice_identities.notice_key, notice_identities.event_key
), stored as (
  insert into notices (
    sid, received_at, event_key, notice_id, app_id, product_id, event_type,
    service_type, uid, sequence, occurred_at, is_test, raw
  )
  select
    incoming.sid, incoming.received_at, incoming.event_key, incoming.notice_id, incoming.app_id,
    incoming.product_id, incoming.event_type, incoming.service_type, incoming.uid,
    incoming.sequence, incoming.occurred_at, incoming.is_test, incoming.raw
  from incoming
  join fresh on fresh.event_key = incoming.event_key and fresh.notice_key = incoming.notice_key
  where incoming.turn > 0
), copies as (
  select incoming.* from incoming
  where incoming.turn = 0
     or not exists (select from fresh where fresh.event_key = incoming.event_key
                                        and fresh.notice_key = incoming.notice_key)
), repeated as (
  insert into repeated_deliveries (sid, event_key, notice_id, received_at)
  select copies.sid, copies.event_key, copies.notice_id, copies.received_at from copies
), contradicting as (
  insert into quarantined_bodies (app_id, digest, raw, reason, received_at)
  select copies.app_id, copies.event_key, convert_to(copies.raw, 'UTF8'), '${CONTRADICTION}', copies.received_at
  from copies
  where not exists (select from fresh where fresh.event_key = copies.event_key)
    and not exists (select from notice_identities where notice_identities.event_key = copies.event_key)
  on conflict do nothing
  returning quarantined_bodies.id
), pending as (
  insert into pending_evidence (sid, kind, event_key, received_at)
  select incoming.sid,
         case when incoming.turn = 0 or fresh.event_key is null then 'repeated_delivery' else 'notice' end,
         incoming.event_key, incoming.received_at
  from incoming
  left join fresh on fresh.event_key = incoming.event_key and fresh.notice_key = incoming.notice_key
  where incoming.sid <> ''
    and (not incoming.is_test
         or exists (select from registrations where registrations.sid = incoming.sid))
), marked as (
  insert into rollup_marks (kind, day)
  select distinct 'deliveries', (incoming.received_at at time zone 'UTC')::date from incoming
  where incoming.sid <> '' and incoming.received_at < date_trunc('day', now(), 'UTC')
), counted as (
  insert into counters (name, shard, value)
  select counts.name, $2::smallint, counts.value
  from (values
    ('deliveries', (select count(*) from incoming)),
    ('events', (select count(*) from fresh)),
    ('quarantined', (select count(*) from contradicting))
  ) as counts (name, value)
  on conflict (name, shard) do update set value = counters.value + excluded.value
)
select (select count(*)::int from fresh) as stored, (select count(*)::int from copies) as repeated`;

/**
 * Stores a batch in one statement, hence in one transaction, together with the pending rows that make a fold
 * read it. What is stored already, under the same noticeId or as the same event under another one, is counted
 * as a repeated delivery. `shard` is this process's row of the counters.
 */
export async function storeNotices(db: Queryable, rows: readonly NoticeRow[], shard: number): Promise<StoredCount> {
  const { rows: counts } = await queryNamed<StoredCount>(db, {
    name: 'store-notices',
    text: STORE_NOTICES,
    values: [JSON.stringify(inTurns(rows)), shard],
  });
  return counts[0] ?? { stored: 0, repeated: 0 };
}

/** 0: not stored, because an identical one comes before it in the batch. */
type RowInTurn = NoticeRow & { turn: 0 | 1 | 2 };

/**
 * Of several notifications in one batch that share an identity, the first one is stored in the first turn.
 * Another one is stored in the second turn, and only if the database refused the first one for the identity
 * that the two do not share. A row that is only a copy by its noticeId is not counted as the first of its
 * event: the next one with that event is.
 *
 * Sorted by key, so that two receivers that store overlapping batches wait for each other instead of causing
 * a deadlock.
 */
function inTurns(rows: readonly NoticeRow[]): RowInTurn[] {
  const stored = new Set<string>();
  const pairs = new Set<string>();
  return rows.map((row) => {
    const { noticeKey, eventKey } = row;
    const pair = `${noticeKey} ${eventKey}`;
    if (pairs.has(pair)) return { ...row, turn: 0 };
    pairs.add(pair);
    if (stored.has(noticeKey) || stored.has(eventKey)) return { ...row, turn: 2 };
    stored.add(noticeKey).add(eventKey);
    return { ...row, turn: 1 };
  });
}
