import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Db, Queryable } from '../connection/database.js';

export type QuarantinedBody = {
  id: string;
  appId: string;
  raw: Buffer;
  reason: string;
  receivedMs: UnixMs;
};

/** Bodies that nobody could read yet, oldest first, after `afterId`. */
export async function listQuarantined({ prisma }: Db, afterId: string, limit: number): Promise<QuarantinedBody[]> {
  const rows = await prisma.quarantinedBody.findMany({
    where: { replayedAt: null, id: { gt: BigInt(afterId) } },
    orderBy: { id: 'asc' },
    take: limit,
  });
  return rows.map(({ id, appId, raw, reason, receivedAt }) => ({
    id: id.toString(),
    appId,
    raw: Buffer.from(raw),
    reason,
    receivedMs: unixMs(receivedAt.getTime()),
  }));
}

/** The body stays where it is: it is evidence of what was sent. */
export async function markReplayed(db: Queryable, ids: readonly string[], atMs: UnixMs): Promise<void> {
  await db.query(`update quarantined_bodies set replayed_at = $2 where quarantined_bodies.id = any($1::bigint[])`, [
    ids,
    new Date(atMs),
  ]);
}

/** Drops the oldest bodies that were received before then, so many at a time. Returns how many there were. */
export async function dropQuarantined(db: Queryable, beforeMs: UnixMs, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `with oldest as (
       select quarantined_bodies.id, quarantined_bodies.received_at from quarantined_bodies
       order by quarantined_bodies.id limit $2
     )
     delete from quarantined_bodies as gone using oldest where gone.id = oldest.id and oldest.received_at < $1`,
    [new Date(beforeMs), limit],
  );
  return rowCount ?? 0;
}
