import type { PoolClient } from 'pg';
import type { UnixMs } from '../../evidence/instant.js';
import type { Db } from '../connection/database.js';
import { withTransaction } from '../connection/with-transaction.js';
import type { DeliveryAttempt, DeliveryState } from './deliveries.js';

/** What became of one delivery. */
export type DeliveryOutcome = {
  endpointId: string;
  id: string;
  type: string;
  sid: string | null;
  cursor: bigint | null;
  version: number | null;
  state: DeliveryState;
  tries: number;
  lastStatus: number | null;
  lastError: string | null;
  nextTryMs: UnixMs | null;
  attempts: readonly DeliveryAttempt[];
  atMs: UnixMs;
};

/** How far an endpoint came. */
export type EndpointProgress = {
  id: string;
  cursor: bigint;
  deliveredMs: UnixMs | null;
  failingSinceMs: UnixMs | null;
  failingTold: boolean;
};

/**
 * Saves both in one transaction, so that no cursor goes past a delivery that is neither made nor kept. Only of
 * endpoints that this sender still has: one that somebody sent back in the feed it has no more.
 */
export function saveOutcomes(
  db: Pick<Db, 'pool'>,
  senderId: string,
  progress: readonly EndpointProgress[],
  outcomes: readonly DeliveryOutcome[],
): Promise<void> {
  return withTransaction(db, async (tx) => {
    await saveProgress(tx, senderId, progress);
    if (outcomes.length > 0) await logDeliveries(tx, senderId, outcomes);
  });
}

async function saveProgress(tx: PoolClient, senderId: string, progress: readonly EndpointProgress[]): Promise<void> {
  await tx.query(
    `update webhook_endpoints as endpoint set
       cursor = told.cursor,
       delivered_at = coalesce(told.delivered_at, endpoint.delivered_at),
       failing_since = told.failing_since, failing_told = told.failing_told
     from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::boolean[])
       as told (id, cursor, delivered_at, failing_since, failing_told)
     where endpoint.id = told.id and endpoint.holder = $6::bigint`,
    [
      progress.map(({ id }) => id),
      progress.map(({ cursor }) => String(cursor)),
      progress.map(({ deliveredMs }) => dateOrNull(deliveredMs)),
      progress.map(({ failingSinceMs }) => dateOrNull(failingSinceMs)),
      progress.map(({ failingTold }) => failingTold),
      senderId,
    ],
  );
}

async function logDeliveries(tx: PoolClient, senderId: string, outcomes: readonly DeliveryOutcome[]): Promise<void> {
  await tx.query(
    `insert into webhook_deliveries as kept (endpoint_id, id, type, sid, cursor, version, state, tries, last_status,
       last_error, next_try_at, attempts, at)
     select told.* from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::text[],
       $8::int[], $9::int[], $10::text[], $11::timestamptz[], $12::jsonb[], $13::timestamptz[])
       as told (endpoint_id, id, type, sid, cursor, version, state, tries, last_status, last_error, next_try_at,
                attempts, at)
     where told.endpoint_id in (select endpoint.id from webhook_endpoints as endpoint where endpoint.holder = $14::bigint)
     on conflict (endpoint_id, id) do update set state = excluded.state, tries = excluded.tries,
       last_status = excluded.last_status, last_error = excluded.last_error, next_try_at = excluded.next_try_at,
       attempts = excluded.attempts, at = excluded.at,
       resume_after = case when excluded.state = 'waiting' then kept.resume_after end`,
    [
      outcomes.map(({ endpointId }) => endpointId),
      outcomes.map(({ id }) => id),
      outcomes.map(({ type }) => type),
      outcomes.map(({ sid }) => sid),
      outcomes.map(({ cursor }) => (cursor === null ? null : String(cursor))),
      outcomes.map(({ version }) => version),
      outcomes.map(({ state }) => state),
      outcomes.map(({ tries }) => tries),
      outcomes.map(({ lastStatus }) => lastStatus),
      outcomes.map(({ lastError }) => lastError),
      outcomes.map(({ nextTryMs }) => dateOrNull(nextTryMs)),
      outcomes.map(({ attempts }) => JSON.stringify(attempts)),
      outcomes.map(({ atMs }) => new Date(atMs)),
      senderId,
    ],
  );
}

function dateOrNull(atMs: UnixMs | null): Date | null {
  return atMs === null ? null : new Date(atMs);
}

/** It answered 410. Its place in the feed is held, and it is resumed by somebody. */
export async function pauseGone({ pool }: Pick<Db, 'pool'>, senderId: string, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update webhook_endpoints as endpoint set state = 'paused', paused_because = 'gone',
       revision = endpoint.revision + 1, updated_at = clock_timestamp()
     where endpoint.id = $1 and endpoint.holder = $2::bigint and endpoint.state = 'active'`,
    [id, senderId],
  );
  return rowCount === 1;
}

/** What is wrong with an endpoint, for people. */
export async function noteProblem({ pool }: Pick<Db, 'pool'>, id: string, problem: string): Promise<void> {
  await pool.query(
    `update webhook_endpoints as endpoint set problem = $2
     where endpoint.id = $1 and endpoint.problem is distinct from $2`,
    [id, problem],
  );
}

/** Where the key was missing, it is here now. Other problems stay until somebody changes the endpoint. */
export async function forgetKeyProblems({ pool }: Pick<Db, 'pool'>, ids: readonly string[]): Promise<void> {
  await pool.query(
    `update webhook_endpoints as endpoint set problem = null
     where endpoint.id = any($1::text[]) and endpoint.problem like '%SECRETS_KEY%'`,
    [ids],
  );
}

/** So many delivered ones are kept of each endpoint. */
export const KEPT_DELIVERED = 1_000;

export async function trimLog({ pool }: Pick<Db, 'pool'>, endpointId: string): Promise<void> {
  await pool.query(
    `delete from webhook_deliveries as old where old.endpoint_id = $1 and old.state = 'delivered' and old.at < (
       select kept.at from webhook_deliveries as kept where kept.endpoint_id = $1 and kept.state = 'delivered'
       order by kept.at desc, kept.id desc offset $2 limit 1)`,
    [endpointId, KEPT_DELIVERED],
  );
}

/** The log of what was delivered before that moment. */
export async function dropDelivered({ pool }: Pick<Db, 'pool'>, beforeMs: UnixMs): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from webhook_deliveries as old where old.state = 'delivered' and old.at < $1`,
    [new Date(beforeMs)],
  );
  return rowCount ?? 0;
}
