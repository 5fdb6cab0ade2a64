import type { PoolClient } from 'pg';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Db, Queryable } from '../connection/database.js';
import { withTransaction } from '../connection/with-transaction.js';

export type EndpointState = 'active' | 'paused';

/** An endpoint of outgoing webhooks, without its secrets. */
export type Endpoint = {
  id: string;
  url: string;
  description: string | null;
  /** Which types and apps it wants; null for all. */
  types: readonly string[] | null;
  appIds: readonly string[] | null;
  state: EndpointState;
  /** Who paused it: a person, or its own answer 410. */
  pausedBecause: 'asked' | 'gone' | null;
  /** What keeps its deliveries from going out, or was lost, in a sentence for people. */
  problem: string | null;
  failingSinceMs: UnixMs | null;
  deliveredMs: UnixMs | null;
  createdMs: UnixMs;
  updatedMs: UnixMs;
};

export type NewEndpoint = Pick<Endpoint, 'id' | 'url' | 'description' | 'types' | 'appIds'> & { secret: string };
export type EndpointChanges = Partial<Pick<Endpoint, 'url' | 'description' | 'types' | 'appIds'>>;

type Row = {
  id: string;
  url: string;
  description: string | null;
  types: string[];
  app_ids: string[];
  state: EndpointState;
  paused_because: Endpoint['pausedBecause'];
  problem: string | null;
  failing_since: Date | null;
  delivered_at: Date | null;
  created_at: Date;
  updated_at: Date;
};

const COLUMNS = `endpoint.id, endpoint.url, endpoint.description, endpoint.types, endpoint.app_ids, endpoint.state,
  endpoint.paused_because, endpoint.problem, endpoint.failing_since, endpoint.delivered_at, endpoint.created_at,
  endpoint.updated_at`;

function toEndpoint(row: Row): Endpoint {
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    types: nullIfEmpty(row.types),
    appIds: nullIfEmpty(row.app_ids),
    state: row.state,
    pausedBecause: row.paused_because,
    problem: row.problem,
    failingSinceMs: msOrNull(row.failing_since),
    deliveredMs: msOrNull(row.delivered_at),
    createdMs: unixMs(row.created_at.getTime()),
    updatedMs: unixMs(row.updated_at.getTime()),
  };
}

function nullIfEmpty(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list;
}

export function msOrNull(at: Date | null): UnixMs | null {
  return at === null ? null : unixMs(at.getTime());
}

export async function findEndpoint(db: Queryable, id: string): Promise<Endpoint | null> {
  const { rows } = await db.query<Row>(`select ${COLUMNS} from webhook_endpoints as endpoint where endpoint.id = $1`, [
    id,
  ]);
  return rows[0] === undefined ? null : toEndpoint(rows[0]);
}

/** By the time at which they were made, the oldest first; after that place, or from the first on. */
export async function listEndpoints(
  db: Queryable,
  after: { createdMs: number; id: string } | null,
  limit: number,
): Promise<Endpoint[]> {
  const { rows } = await db.query<Row>(
    `select ${COLUMNS} from webhook_endpoints as endpoint
     where $1::timestamptz is null or (endpoint.created_at, endpoint.id) > ($1::timestamptz, $2)
     order by endpoint.created_at, endpoint.id limit $3`,
    [after === null ? null : new Date(after.createdMs), after?.id ?? '', limit],
  );
  return rows.map(toEndpoint);
}

/** It begins where the feed ends now. */
export function insertEndpoint(db: Db, told: NewEndpoint, atMs: UnixMs): Promise<Endpoint> {
  return changing(db, async (tx) => {
    const { rows } = await tx.query<Row>(
      `insert into webhook_endpoints as endpoint
         (id, url, description, types, app_ids, secret, cursor, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, ${END_OF_FEED}, $7, $7) returning ${COLUMNS}`,
      [told.id, told.url, told.description, told.types ?? [], told.appIds ?? [], told.secret, new Date(atMs)],
    );
    if (rows[0] === undefined) throw new Error('the endpoint that was inserted did not come back');
    return toEndpoint(rows[0]);
  });
}

const END_OF_FEED = `(select greatest(state.position, (select max(changes.cursor) from changes))
                      from webhook_state as state)`;

/** What is left out stays. Null where there is no such endpoint. */
export function changeEndpoint(db: Db, id: string, changes: EndpointChanges, atMs: UnixMs): Promise<Endpoint | null> {
  const { url = null, description, types, appIds } = changes;
  return changing(db, async (tx) => {
    // Until now the feed was looked through with its old filters.
    const { rows } = await tx.query<Row>(
      `update webhook_endpoints as endpoint set
         url = coalesce($2, endpoint.url),
         description = case when $3 then $4 else endpoint.description end,
         types = coalesce($5::text[], endpoint.types), app_ids = coalesce($6::text[], endpoint.app_ids),
         cursor = coalesce(endpoint.cursor, (select state.position from webhook_state as state)),
         rest_until = null, problem = null, revision = endpoint.revision + 1, updated_at = $7
       where endpoint.id = $1 returning ${COLUMNS}`,
      [id, url, description !== undefined, description ?? null, listOrNull(types), listOrNull(appIds), new Date(atMs)],
    );
    return rows[0] === undefined ? null : toEndpoint(rows[0]);
  });
}

/** Empty for all; null where it is not to change. */
function listOrNull(list: readonly string[] | null | undefined): readonly string[] | null {
  return list === undefined ? null : (list ?? []);
}

export async function deleteEndpoint(db: Db, id: string): Promise<boolean> {
  return changing(db, async (tx) => {
    const { rowCount } = await tx.query(`delete from webhook_endpoints as endpoint where endpoint.id = $1`, [id]);
    return rowCount === 1;
  });
}

/** `secret` encrypted; the one before it signs until then. */
export function replaceSecret(
  db: Db,
  id: string,
  secret: string,
  untilMs: UnixMs,
  atMs: UnixMs,
): Promise<Endpoint | null> {
  return changing(db, async (tx) => {
    const { rows } = await tx.query<Row>(
      `update webhook_endpoints as endpoint set old_secret = endpoint.secret, old_secret_until = $3, secret = $2,
         revision = endpoint.revision + 1, updated_at = $4
       where endpoint.id = $1 returning ${COLUMNS}`,
      [id, secret, new Date(untilMs), new Date(atMs)],
    );
    return rows[0] === undefined ? null : toEndpoint(rows[0]);
  });
}

/** Its place in the feed is held while it is paused. Pausing what is paused, and resuming what is active, does nothing. */
export function setEndpointState(db: Db, id: string, state: EndpointState, atMs: UnixMs): Promise<Endpoint | null> {
  return changing(db, async (tx) => {
    await tx.query(
      `update webhook_endpoints as endpoint set state = $2,
         paused_because = case when $2 = 'paused' then 'asked' end, rest_until = null, problem = null,
         cursor = coalesce(endpoint.cursor, (select state.position from webhook_state as state)),
         revision = endpoint.revision + 1, updated_at = $3
       where endpoint.id = $1 and endpoint.state <> $2`,
      [id, state, new Date(atMs)],
    );
    // Without a time of its own it waited for this.
    if (state === 'active') {
      await tx.query(
        `update webhook_deliveries as delivery set next_try_at = $2
         where delivery.endpoint_id = $1 and delivery.state = 'waiting' and delivery.next_try_at is null`,
        [id, new Date(atMs)],
      );
    }
    return findEndpoint(tx, id);
  });
}

/**
 * A transaction that changes endpoints. The row of the state is locked first: whoever looks through the feed for all
 * endpoints, and whoever says that one is up to date, comes before it or after it, and then sees what was changed.
 */
export function changing<T>(db: Db, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  return withTransaction(db, async (tx) => {
    await tx.query(`update webhook_state set revision = webhook_state.revision + 1`);
    return work(tx);
  });
}
