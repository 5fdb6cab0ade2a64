import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Db, Queryable } from '../connection/database.js';

export type QuarantinedBody = {
  id: string;
  appId: string;
  raw: Buffer;
  reason: string;
  receivedMs: UnixMs;
};

/** Bodies that no decoder could read yet, oldest first, after `afterId`. */
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

/** Marks them as replayed. The body stays in quarantine as evidence of what was sent. */
export async function markReplayed(db: Queryable, ids: readonly string[], atMs: UnixMs): Promise<void> {
  await db.query(`update quarantined_bodies set replayed_at = $2 where quarantined_bodies.id = any($1::bigint[])`, [
    ids,
    new Date(atMs),
  ]);
}
