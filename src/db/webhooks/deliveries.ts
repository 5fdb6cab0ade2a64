import type { PoolClient } from 'pg';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Db, Queryable } from '../connection/database.js';
import { changing, msOrNull } from './endpoints.js';

export const DELIVERY_STATES = ['delivered', 'waiting', 'parked'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One try: what came of it, and the first bytes of the answer. */
export type DeliveryAttempt = {
  at: string;
  tookMs: number;
  status: number | null;
  error: string | null;
  answer: string | null;
};

/** A delivery as the log shows it; `id` is its webhook-id. What is not about a session has neither sid nor cursor. */
export type LoggedDelivery = {
  id: string;
  type: string;
  sid: string | null;
  cursor: string | null;
  version: number | null;
  state: DeliveryState;
  tries: number;
  lastStatus: number | null;
  lastError: string | null;
  nextTryMs: UnixMs | null;
  attempts: readonly DeliveryAttempt[];
  atMs: UnixMs;
};

type Row = Omit<LoggedDelivery, 'lastStatus' | 'lastError' | 'nextTryMs' | 'atMs'> & {
  last_status: number | null;
  last_error: string | null;
  next_try_at: Date | null;
  at: Date;
};

const COLUMNS = `delivery.id, delivery.type, delivery.sid, delivery.cursor::text, delivery.version, delivery.state,
  delivery.tries, delivery.last_status, delivery.last_error, delivery.next_try_at, delivery.attempts, delivery.at`;

function toDelivery({ last_status, last_error, next_try_at, at, ...row }: Row): LoggedDelivery {
  return {
    ...row,
    lastStatus: last_status,
    lastError: last_error,
    nextTryMs: msOrNull(next_try_at),
    atMs: unixMs(at.getTime()),
  };
}

/** Of an endpoint, in these states or in all, the newest first; before that place, or from the newest on. */
export async function listDeliveries(
  db: Queryable,
  endpointId: string,
  states: readonly DeliveryState[],
  before: { atMs: number; id: string } | null,
  limit: number,
): Promise<LoggedDelivery[]> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from webhook_deliveries as delivery
     where delivery.endpoint_id = $1 and delivery.state = any($2::text[])
       and ($3::timestamptz is null or (delivery.at, delivery.id) < ($3::timestamptz, $4))
     order by delivery.at desc, delivery.id desc limit $5`,
    [endpointId, states, before === null ? null : new Date(before.atMs), before?.id ?? '', limit],
  );
  return rows.map(toDelivery);
}

/** Of something that is not in the feed: it waits, and goes out at once. Null where there is no such endpoint. */
export async function insertNotice(
  tx: PoolClient,
  endpointId: string,
  notice: { id: string; type: string; body: string },
  atMs: UnixMs,
): Promise<LoggedDelivery | null> {
  const { rows } = await tx.query<Row>(
    `insert into webhook_deliveries as delivery (endpoint_id, id, type, state, tries, next_try_at, body, at)
     select endpoint.id, $2, $3, 'waiting', 0, $5::timestamptz, $4, $5::timestamptz
     from webhook_endpoints as endpoint where endpoint.id = $1
     on conflict do nothing returning ${COLUMNS}`,
    [endpointId, notice.id, notice.type, notice.body, new Date(atMs)],
  );
  await tx.query(`update webhook_endpoints as endpoint set revision = endpoint.revision + 1 where endpoint.id = $1`, [
    endpointId,
  ]);
  return rows[0] === undefined ? null : toDelivery(rows[0]);
}

/**
 * What is parked goes out again, in the order of the feed. Meanwhile later versions of those sessions wait: they go
 * on where the endpoint stands now, or where the session waits already. Returns how many; null for no such endpoint.
 */
export function redriveParked(db: Db, id: string, atMs: UnixMs): Promise<number | null> {
  return changing(db, async (tx) => {
    const found = await tx.query(
      `update webhook_endpoints as endpoint set revision = endpoint.revision + 1, rest_until = null,
         cursor = coalesce(endpoint.cursor, (select state.position from webhook_state as state))
       where endpoint.id = $1`,
      [id],
    );
    if (found.rowCount === 0) return null;
    const { rowCount } = await tx.query(
      `update webhook_deliveries as delivery set state = 'waiting', tries = 0, next_try_at = $2,
         resume_after = case when delivery.cursor is null then null else coalesce(
           (select max(coalesce(other.resume_after, other.cursor)) from webhook_deliveries as other
            where other.endpoint_id = $1 and other.sid = delivery.sid and other.state = 'waiting'),
           (select endpoint.cursor from webhook_endpoints as endpoint where endpoint.id = $1)) end
       where delivery.endpoint_id = $1 and delivery.state = 'parked'`,
      [id, new Date(atMs)],
    );
    return rowCount ?? 0;
  });
}

/**
 * The endpoint goes back to that cursor, or on from there if it had not come so far: what is at it and after it goes
 * out, again or for the first time. What waited or was parked from there on goes out with it.
 */
export function redriveFrom(db: Db, id: string, from: bigint): Promise<boolean> {
  return changing(db, async (tx) => {
    const { rowCount } = await tx.query(
      // Whoever sends to it now would save its own place: it has it no more.
      `update webhook_endpoints as endpoint set revision = endpoint.revision + 1, holder = null, rest_until = null,
         problem = null,
         cursor = least(coalesce(endpoint.cursor, (select state.position from webhook_state as state)), $2::bigint - 1)
       where endpoint.id = $1`,
      [id, String(from)],
    );
    await tx.query(
      `delete from webhook_deliveries as delivery
       where delivery.endpoint_id = $1 and delivery.state <> 'delivered' and delivery.cursor >= $2::bigint`,
      [id, String(from)],
    );
    // Where a session goes on after what was parked before lies behind, or is reached with the others again.
    await tx.query(
      `update webhook_deliveries as delivery set resume_after = greatest(delivery.cursor, $2::bigint - 1)
       where delivery.endpoint_id = $1 and delivery.state = 'waiting' and delivery.resume_after >= $2::bigint`,
      [id, String(from)],
    );
    return rowCount === 1;
  });
}

/** What comes before this in the feed came within the clocks' difference before that moment, or earlier. */
const CLOCKS_DIFFER_MS = 60_000;

/** The first cursor of the feed whose version is not older than that; one after the last where all are. */
export async function findCursorAt(db: Queryable, atMs: UnixMs): Promise<bigint> {
  const { rows } = await db.query<{ cursor: string }>(
    `select coalesce(
       (select changes.cursor from changes
        where changes.cursor > coalesce(
            (select before.cursor from changes as before where before.at < $2 order by before.cursor desc limit 1), 0)
          and changes.at >= $1
        order by changes.cursor limit 1),
       (select coalesce(max(changes.cursor), 0) + 1 from changes))::text as cursor`,
    [new Date(atMs), new Date(atMs - CLOCKS_DIFFER_MS)],
  );
  return BigInt(rows[0]?.cursor ?? 1);
}
