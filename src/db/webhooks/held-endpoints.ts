import type { UnixMs } from '../../evidence/instant.js';
import type { Db, Queryable } from '../connection/database.js';
import { withTransaction } from '../connection/with-transaction.js';
import type { DeliveryAttempt } from './deliveries.js';
import { msOrNull } from './endpoints.js';
import { LIVING_SENDERS } from './senders.js';

/** An endpoint as its sender has it. `cursor`: up to here all is delivered, or kept as waiting or parked. */
export type HeldEndpoint = {
  id: string;
  url: string;
  types: readonly string[];
  appIds: readonly string[];
  secret: string;
  oldSecret: string | null;
  oldSecretUntilMs: UnixMs | null;
  cursor: bigint;
  revision: number;
  failingSinceMs: UnixMs | null;
  failingTold: boolean;
};

type Row = {
  id: string;
  url: string;
  types: string[];
  app_ids: string[];
  secret: string;
  old_secret: string | null;
  old_secret_until: Date | null;
  cursor: string;
  revision: number;
  failing_since: Date | null;
  failing_told: boolean;
};

/** Whether anybody has an endpoint, there is something in the feed that was not looked through, and anything is due. */
export type WebhookWork = { any: boolean; news: boolean; due: boolean };

/** One short statement, for those that have nothing to do. */
export async function readWork(db: Queryable, nowMs: UnixMs): Promise<WebhookWork> {
  const { rows } = await db.query<WebhookWork>(
    `select exists (select from webhook_endpoints as endpoint where endpoint.state = 'active') as any,
            (select coalesce(max(changes.cursor), 0) from changes)
              > (select state.position from webhook_state as state) as news,
            exists (select from webhook_endpoints as endpoint
                    where endpoint.cursor is not null and endpoint.state = 'active'
                      and (endpoint.rest_until is null or endpoint.rest_until <= $1))
              or exists (select from webhook_deliveries as delivery
                         where delivery.state = 'waiting' and delivery.next_try_at <= $1) as due`,
    [new Date(nowMs)],
  );
  return rows[0] ?? { any: false, news: false, due: false };
}

/** Takes so many endpoints at the most that have something to do, and that no living sender has. */
export async function takeEndpoints(
  { pool }: Pick<Db, 'pool'>,
  senderId: string,
  nowMs: UnixMs,
  limit: number,
): Promise<HeldEndpoint[]> {
  const { rows } = await pool.query<Row>(
    `with living as materialized (${LIVING_SENDERS}), due as materialized (
       select endpoint.id from webhook_endpoints as endpoint
       where endpoint.cursor is not null and endpoint.state = 'active'
         and (endpoint.rest_until is null or endpoint.rest_until <= $2)
       union
       select delivery.endpoint_id from webhook_deliveries as delivery
       where delivery.state = 'waiting' and delivery.next_try_at <= $2
     )
     update webhook_endpoints as endpoint set holder = $1::bigint, rest_until = null,
       cursor = coalesce(endpoint.cursor, (select state.position from webhook_state as state))
     where endpoint.id in (
       select taken.id from webhook_endpoints as taken
       where taken.id in (select due.id from due) and taken.state = 'active'
         and (taken.holder is null or taken.holder not in (select living.id from living))
       limit $3 for update skip locked
     )
     returning endpoint.id, endpoint.url, endpoint.types, endpoint.app_ids, endpoint.secret, endpoint.old_secret,
       endpoint.old_secret_until, endpoint.cursor::text, endpoint.revision, endpoint.failing_since,
       endpoint.failing_told`,
    [senderId, new Date(nowMs), limit],
  );
  return rows.map((row) => ({
    id: row.id,
    url: row.url,
    types: row.types,
    appIds: row.app_ids,
    secret: row.secret,
    oldSecret: row.old_secret,
    oldSecretUntilMs: msOrNull(row.old_secret_until),
    cursor: BigInt(row.cursor),
    revision: row.revision,
    failingSinceMs: msOrNull(row.failing_since),
    failingTold: row.failing_told,
  }));
}

/** What an endpoint waits to be sent again, or for the first time if it is not in the feed. */
export type WaitingDelivery = {
  endpointId: string;
  id: string;
  type: string;
  sid: string | null;
  cursor: bigint | null;
  version: number | null;
  tries: number;
  nextTryMs: UnixMs | null;
  resumeAfter: bigint | null;
  body: string | null;
  attempts: readonly DeliveryAttempt[];
};

type WaitingRow = Omit<WaitingDelivery, 'cursor' | 'nextTryMs' | 'resumeAfter'> & {
  cursor: string | null;
  next_try_at: Date | null;
  resume_after: string | null;
};

export async function listWaiting(db: Queryable, endpointIds: readonly string[]): Promise<WaitingDelivery[]> {
  const { rows } = await db.query<WaitingRow>(
    `select delivery.endpoint_id as "endpointId", delivery.id, delivery.type, delivery.sid, delivery.cursor::text,
            delivery.version, delivery.tries, delivery.next_try_at, delivery.resume_after::text, delivery.body,
            delivery.attempts
     from webhook_deliveries as delivery
     where delivery.endpoint_id = any($1::text[]) and delivery.state = 'waiting' order by delivery.cursor`,
    [endpointIds],
  );
  return rows.map(({ cursor, next_try_at, resume_after, ...row }) => ({
    ...row,
    cursor: cursor === null ? null : BigInt(cursor),
    nextTryMs: msOrNull(next_try_at),
    resumeAfter: resume_after === null ? null : BigInt(resume_after),
  }));
}

/** Which of these were changed from outside, deleted, or taken over since they were read. */
export async function findChangedEndpoints(
  db: Queryable,
  senderId: string,
  held: readonly Pick<HeldEndpoint, 'id' | 'revision'>[],
): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select endpoint.id from webhook_endpoints as endpoint
     join unnest($1::text[], $2::int[]) as told (id, revision)
       on told.id = endpoint.id and told.revision = endpoint.revision
     where endpoint.holder = $3::bigint and endpoint.state = 'active'`,
    [held.map(({ id }) => id), held.map(({ revision }) => revision), senderId],
  );
  const same = new Set(rows.map(({ id }) => id));
  return new Set(held.map(({ id }) => id).filter((id) => !same.has(id)));
}

/** Gives an endpoint up. `upToDate`: all that was in the feed up to its cursor is done, and nothing else waits. */
export type GivenUp = {
  id: string;
  revision: number;
  cursor: bigint;
  upToDate: boolean;
  restUntilMs: UnixMs | null;
};

/**
 * One that is up to date leaves the feed to be looked through for it. The row of the state is locked first: who looks
 * through the feed comes before this, and then it is not up to date, or sees it after.
 */
export function giveUpEndpoints(db: Pick<Db, 'pool'>, senderId: string, given: readonly GivenUp[]): Promise<void> {
  return withTransaction(db, async (tx) => {
    await tx.query(`select state.position from webhook_state as state for update`);
    await tx.query(
      `update webhook_endpoints as endpoint set holder = null,
         rest_until = case when told.revision = endpoint.revision then told.rest_until end,
         cursor = case
           when told.up_to_date and told.revision = endpoint.revision and told.cursor >= (select state.position from webhook_state as state) then null
           else told.cursor end
       from unnest($1::text[], $2::int[], $3::bigint[], $4::boolean[], $5::timestamptz[])
              as told (id, revision, cursor, up_to_date, rest_until)
       where endpoint.id = told.id and endpoint.holder = $6::bigint`,
      [
        given.map(({ id }) => id),
        given.map(({ revision }) => revision),
        given.map(({ cursor }) => String(cursor)),
        given.map(({ upToDate }) => upToDate),
        given.map(({ restUntilMs }) => (restUntilMs === null ? null : new Date(restUntilMs))),
        senderId,
      ],
    );
  });
}
