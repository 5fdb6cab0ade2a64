import type { PoolClient } from 'pg';
import type { Db } from '../connection/database.js';
import { withTransaction } from '../connection/with-transaction.js';

/** How far the feed was looked through, and how often endpoints were changed. */
export type RoutingState = { position: bigint; revision: bigint };

/** Which types and apps an endpoint wants; empty for all. */
export type EndpointFilter = { id: string; types: readonly string[]; appIds: readonly string[] };

/**
 * Runs `work` while nobody else looks through the feed, no endpoint becomes up to date, and none is changed. Null
 * where somebody else does already.
 */
export function whileRouting<T>(
  db: Pick<Db, 'pool'>,
  work: (tx: PoolClient, state: RoutingState) => Promise<T>,
): Promise<T | null> {
  return withTransaction(db, async (tx) => {
    const { rows } = await tx.query<{ position: string; revision: string }>(
      `select state.position::text, state.revision::text from webhook_state as state for update skip locked`,
    );
    const [state] = rows;
    if (state === undefined) return null;
    return work(tx, { position: BigInt(state.position), revision: BigInt(state.revision) });
  });
}

/** Whether any endpoint is up to date: only for these is the feed looked through. */
export async function hasUpToDate(tx: PoolClient): Promise<boolean> {
  const { rows } = await tx.query<{ has: boolean }>(
    `select exists (select from webhook_endpoints as endpoint
                    where endpoint.cursor is null and endpoint.state = 'active') as has`,
  );
  return rows[0]?.has === true;
}

export async function listFilters(tx: PoolClient): Promise<EndpointFilter[]> {
  const { rows } = await tx.query<EndpointFilter>(
    `select endpoint.id, endpoint.types, endpoint.app_ids as "appIds" from webhook_endpoints as endpoint`,
  );
  return rows;
}

/** For these, of those that were up to date, something begins after that cursor. */
export async function setBehind(tx: PoolClient, behind: ReadonlyMap<string, bigint>): Promise<number> {
  if (behind.size === 0) return 0;
  const { rowCount } = await tx.query(
    `update webhook_endpoints as endpoint set cursor = told.cursor
     from unnest($1::text[], $2::bigint[]) as told (id, cursor)
     where endpoint.id = told.id and endpoint.cursor is null and endpoint.state = 'active'`,
    [[...behind.keys()], [...behind.values()].map(String)],
  );
  return rowCount ?? 0;
}

export async function savePosition(tx: PoolClient, position: bigint): Promise<void> {
  await tx.query(`update webhook_state set position = $1::bigint`, [String(position)]);
}
