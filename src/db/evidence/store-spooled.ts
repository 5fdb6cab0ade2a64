import type { PoolClient } from 'pg';
import type { Db } from '../connection/database.js';
import type { Incoming } from './incoming-rows.js';
import { storeNotices } from './store-notices.js';
import { storeQuarantine } from './store-quarantine.js';
import { withTransaction } from '../connection/with-transaction.js';

/** `isDoubtful`: a statement whose answer never came may have stored it already. */
export type SpooledRow = { key: number; isDoubtful: boolean } & Incoming;

/**
 * Stores entries of a spool in order, each exactly once: the position that was reached is saved in the same
 * transaction. If the process is killed before the commit, nothing is stored; if after it, the next process
 * to drain this spool continues from the saved position. Two at once wait for each other. Returns how many
 * were stored.
 */
export async function storeSpooled(
  db: Pick<Db, 'pool'>,
  spoolId: string,
  rows: readonly SpooledRow[],
  shard: number,
): Promise<number> {
  return withTransaction(db, async (tx) => {
    const drained = await lockPosition(tx, spoolId);
    const fresh = await withoutStored(
      tx,
      rows.filter(({ key }) => key > drained),
    );
    const notices = fresh.flatMap((one) => (one.kind === 'notice' ? [one.row] : []));
    const unreadable = fresh.flatMap((one) => (one.kind === 'unreadable' ? [one.row] : []));
    if (notices.length > 0) await storeNotices(tx, notices, shard);
    if (unreadable.length > 0) await storeQuarantine(tx, unreadable, shard);
    await tx.query(`update spool_positions set drained = greatest(drained, $2) where spool_positions.spool_id = $1`, [
      spoolId,
      rows.at(-1)?.key ?? 0,
    ]);
    return fresh.length;
  });
}

async function lockPosition(tx: PoolClient, spoolId: string): Promise<number> {
  await tx.query(`insert into spool_positions (spool_id, drained) values ($1, 0) on conflict do nothing`, [spoolId]);
  const { rows } = await tx.query<{ drained: string }>(
    `select spool_positions.drained from spool_positions where spool_positions.spool_id = $1 for update`,
    [spoolId],
  );
  return Number(rows[0]?.drained ?? 0);
}

/** Leaves out doubtful entries that had been stored after all: the same event, received at the same moment. */
async function withoutStored(tx: PoolClient, rows: readonly SpooledRow[]): Promise<SpooledRow[]> {
  const doubtful = rows.flatMap((one) => (one.kind === 'notice' && one.isDoubtful ? [one] : []));
  if (doubtful.length === 0) return [...rows];
  const { rows: found } = await tx.query<{ key: string }>(
    `select doubtful.key from unnest($1::bigint[], $2::text[], $3::uuid[], $4::timestamptz[]) as doubtful (key, sid, event_key, received_at)
     where exists (select from notices
                   where notices.sid = doubtful.sid and notices.received_at = doubtful.received_at
                     and notices.event_key = doubtful.event_key)
        or exists (select from repeated_deliveries as repeated
                   where repeated.sid = doubtful.sid and repeated.received_at = doubtful.received_at
                     and repeated.event_key = doubtful.event_key)`,
    [
      doubtful.map(({ key }) => key),
      doubtful.map(({ row }) => row.sid),
      doubtful.map(({ row }) => row.eventKey),
      doubtful.map(({ row }) => new Date(row.receivedMs)),
    ],
  );
  const stored = new Set(found.map(({ key }) => Number(key)));
  return rows.filter(({ key }) => !stored.has(key));
}
