import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import type { NoticePosition, PageSize } from './notice-pages.js';

/** A notification as it is kept, with its body as it came. */
export type StoredDelivery = {
  /** Empty where it is not about a recording. */
  sid: string;
  eventKey: string;
  noticeId: string | null;
  appId: string;
  productId: number | null;
  eventType: number;
  serviceType: number | null;
  uid: string | null;
  sequence: number | null;
  occurredMs: UnixMs;
  receivedMs: UnixMs;
  isTest: boolean;
  raw: string;
  /** How often it came, the first time included; and of the times after that the first ones. */
  deliveries: number;
  again: readonly { receivedMs: UnixMs; noticeId: string | null }[];
};

/** Of the times that one notification came again, so many are told. */
const MOST_TIMES = 100;

const COLUMNS = `notices.sid, notices.event_key, notices.notice_id, notices.app_id, notices.product_id,
  notices.event_type, notices.service_type, notices.uid, notices.sequence, notices.occurred_at,
  notices.received_at, notices.is_test, notices.raw`;

type Row = {
  sid: string;
  event_key: string;
  notice_id: string | null;
  app_id: string;
  product_id: number | null;
  event_type: number;
  service_type: number | null;
  uid: string | null;
  sequence: string | null;
  occurred_at: Date;
  received_at: Date;
  is_test: boolean;
  raw: string;
};

export type DeliveryPage = {
  deliveries: readonly StoredDelivery[];
  /** Where the next page begins; null where nothing follows. */
  next: NoticePosition | null;
};

/**
 * The notifications of a session in order of receipt, as they came. A page ends where it has `evidence` of
 * them or `bytes` of bodies, one of them at least.
 */
export async function listDeliveries(
  db: Queryable,
  sid: string,
  after: NoticePosition | null,
  size: PageSize,
): Promise<DeliveryPage> {
  const { rows } = await db.query<Row & { found: number }>(
    `select page.* from (
       select next.*, count(*) over ()::int as found,
              sum(octet_length(next.raw)) over (order by next.received_at, next.event_key) - octet_length(next.raw) as before
       from (
         select ${COLUMNS} from notices
         where notices.sid = $1 and ($2::timestamptz is null or notices.received_at >= $2)
           and ($2::timestamptz is null or (notices.received_at, notices.event_key) > ($2, $3::uuid))
         order by notices.received_at, notices.event_key limit $4 + 1
       ) next
     ) page where page.before < $5 order by page.received_at, page.event_key limit $4`,
    [sid, after?.receivedAt ?? null, after?.eventKey ?? null, size.evidence, size.bytes],
  );
  const last = rows.at(-1);
  const isLast = last === undefined || rows.length === last.found;
  return {
    deliveries: await withTimes(db, rows),
    next: isLast ? null : { receivedAt: last.received_at, eventKey: last.event_key },
  };
}

export type FoundDelivery =
  | { kind: 'kept'; delivery: StoredDelivery }
  /** It was accepted then, and retention has dropped its body. */
  | { kind: 'dropped'; receivedMs: UnixMs }
  | { kind: 'unknown' };

/**
 * The newest notification of one of these identities. It is looked for among those of the day on which it
 * was received.
 */
export async function findDelivery(db: Queryable, noticeKeys: readonly string[]): Promise<FoundDelivery> {
  const known = await db.query<{ event_key: string; received_at: Date }>(
    `select notice_identities.event_key, notice_identities.received_at from notice_identities
     where notice_identities.notice_key = any($1::uuid[]) order by notice_identities.received_at desc limit 1`,
    [noticeKeys],
  );
  const identity = known.rows[0];
  if (identity === undefined) return { kind: 'unknown' };
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from notices where notices.received_at = $1 and notices.event_key = $2`,
    [identity.received_at, identity.event_key],
  );
  const [delivery] = await withTimes(db, rows);
  if (delivery !== undefined) return { kind: 'kept', delivery };
  return { kind: 'dropped', receivedMs: unixMs(identity.received_at.getTime()) };
}

type Repeats = { event_key: string; times: number; at: Date; notice_id: string | null };

async function withTimes(db: Queryable, rows: readonly Row[]): Promise<StoredDelivery[]> {
  if (rows.length === 0) return [];
  const { rows: repeats } = await db.query<Repeats>(
    `select told.event_key, told.times, told.received_at as at, told.notice_id from (
       select repeated.event_key, repeated.received_at, repeated.notice_id,
              1 + count(*) over (partition by repeated.event_key)::int as times,
              row_number() over (partition by repeated.event_key order by repeated.received_at, repeated.id) as n
       from repeated_deliveries as repeated
       where repeated.sid = $1 and repeated.event_key = any($2::uuid[])
     ) told where told.n <= $3 order by told.n`,
    [rows[0]?.sid, rows.map((row) => row.event_key), MOST_TIMES],
  );
  return rows.map((row) => {
    const own = repeats.filter(({ event_key }) => event_key === row.event_key);
    const again = own.map(({ at, notice_id }) => ({ receivedMs: unixMs(at.getTime()), noticeId: notice_id }));
    return { ...toDelivery(row), deliveries: own[0]?.times ?? 1, again };
  });
}

function toDelivery(row: Row): Omit<StoredDelivery, 'deliveries' | 'again'> {
  return {
    sid: row.sid,
    eventKey: row.event_key,
    noticeId: row.notice_id,
    appId: row.app_id,
    productId: row.product_id,
    eventType: row.event_type,
    serviceType: row.service_type,
    uid: row.uid,
    sequence: row.sequence === null ? null : Number(row.sequence),
    occurredMs: unixMs(row.occurred_at.getTime()),
    receivedMs: unixMs(row.received_at.getTime()),
    isTest: row.is_test,
    raw: row.raw,
  };
}
