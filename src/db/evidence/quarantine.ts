import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

export type QuarantinedBody = {
  id: string;
  appId: string;
  raw: Buffer;
  reason: string;
  receivedMs: UnixMs;
};

/** Bodies that nobody could read yet, oldest first, after `afterId`. */
export async function listQuarantined(
  db: Queryable,
  afterId: string,
  limit: number,
): Promise<QuarantinedBody[]> {
  const { rows } = await db.query<{
    id: string;
    app_id: string;
    raw: Buffer;
    reason: string;
    received_at: Date;
  }>(
    `select quarantined_bodies.id, quarantined_bodies.app_id, quarantined_bodies.raw,
            quarantined_bodies.reason, quarantined_bodies.received_at
     from quarantined_bodies
     where quarantined_bodies.replayed_at is null and quarantined_bodies.id > $1
     order by quarantined_bodies.id limit $2`,
    [afterId, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    appId: row.app_id,
    raw: row.raw,
    reason: row.reason,
    receivedMs: unixMs(row.received_at.getTime()),
  }));
}

/** The body stays where it is: it is evidence of what was sent. */
export async function markReplayed(
  db: Queryable,
  ids: readonly string[],
  atMs: UnixMs,
): Promise<void> {
  await db.query(
    `update quarantined_bodies set replayed_at = $2 where quarantined_bodies.id = any($1::bigint[])`,
    [ids, new Date(atMs)],
  );
}
