import { parseNotification } from '../agora/parse-notification.js';
import { noticeRow } from '../db/evidence/incoming-rows.js';
import { listQuarantined, markReplayed, type QuarantinedBody } from '../db/evidence/quarantine.js';
import { storeNotices, type NoticeRow } from '../db/evidence/store-notices.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import type { FoldContext } from './fold-context.js';

const PAGE = 200;

export type QuarantineReplay = { taken: number; unreadable: ReadonlyMap<string, number> };

/**
 * Reads every quarantined body with today's decoder and stores what can be parsed now, with its original time
 * of receipt. `identityScopeOf` is the receiver's. If it runs twice or is killed on the way, nothing is
 * stored twice.
 */
export async function replayQuarantine(
  context: FoldContext,
  identityScopeOf: (appId: string) => string,
): Promise<QuarantineReplay> {
  const unreadable = new Map<string, number>();
  let [taken, after] = [0, '0'];
  for (;;) {
    const bodies = await listQuarantined(context.db, after, PAGE);
    taken += await takeIn(context, bodies, identityScopeOf, unreadable);
    after = bodies.at(-1)?.id ?? after;
    if (bodies.length < PAGE) return { taken, unreadable };
  }
}

async function takeIn(
  { db, now, shard }: FoldContext,
  bodies: readonly QuarantinedBody[],
  identityScopeOf: (appId: string) => string,
  unreadable: Map<string, number>,
): Promise<number> {
  const readable: { id: string; row: NoticeRow }[] = [];
  for (const { id, appId, raw, receivedMs } of bodies) {
    const parsed = parseNotification(raw, { appId, receivedMs }, identityScopeOf(appId));
    if (parsed.kind !== 'unreadable') readable.push({ id, row: noticeRow(parsed, appId, receivedMs) });
    else unreadable.set(parsed.reason, (unreadable.get(parsed.reason) ?? 0) + 1);
  }
  if (readable.length === 0) return 0;
  await withTransaction(db, async (tx) => {
    await storeNotices(
      tx,
      readable.map(({ row }) => row),
      shard,
    );
    await markReplayed(
      tx,
      readable.map(({ id }) => id),
      now(),
    );
  });
  return readable.length;
}
