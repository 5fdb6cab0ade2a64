import { parseNotification } from '../agora/parse-notification.js';
import { noticeRow, quarantineRow } from '../db/evidence/incoming-rows.js';
import { onlyUnknown, waitForTurn } from '../db/evidence/known-identities.js';
import { storeNotices, type NoticeRow } from '../db/evidence/store-notices.js';
import { storeQuarantine, type QuarantineRow } from '../db/evidence/store-quarantine.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import type { UnixMs } from '../evidence/instant.js';
import type { FoldContext } from './fold-context.js';

/** A notification as another ledger received and kept it. */
export type RecordedNotice = {
  appId: string;
  raw: string;
  receivedMs: UnixMs;
  /** When it came again. */
  again: readonly { receivedMs: UnixMs; noticeId: string | null }[];
};

export type TakenIn = { taken: number; known: number; unreadable: number };

/**
 * Stores notifications with the time at which they were received, and their repetitions with theirs. What was ever
 * accepted here is left as it is, repetitions too, so that taking the same in twice changes nothing.
 */
export async function takeInRecorded(
  { db, shard }: Pick<FoldContext, 'db' | 'shard'>,
  recorded: readonly RecordedNotice[],
  identityScopeOf: (appId: string) => string,
): Promise<TakenIn> {
  const rows: { row: NoticeRow; again: RecordedNotice['again'] }[] = [];
  const unreadable: QuarantineRow[] = [];
  for (const { appId, raw, receivedMs, again } of recorded) {
    const bytes = Buffer.from(raw);
    const parsed = parseNotification(bytes, { appId, receivedMs }, identityScopeOf(appId));
    if (parsed.kind === 'unreadable') unreadable.push(quarantineRow(bytes, parsed.reason, appId, receivedMs));
    else rows.push({ row: noticeRow(parsed, appId, receivedMs), again });
  }
  return withTransaction(db, async (tx) => {
    await waitForTurn(tx);
    const fresh = new Set(
      await onlyUnknown(
        tx,
        rows.map(({ row }) => row),
      ),
    );
    const stored = rows.filter(({ row }) => fresh.has(row));
    await storeNotices(
      tx,
      stored.flatMap(({ row, again }) => [row, ...again.map((time) => ({ ...row, ...time }))]),
      shard,
    );
    const { stored: quarantined } = await storeQuarantine(tx, unreadable, shard);
    const known = recorded.length - stored.length - quarantined;
    return { taken: stored.length, known, unreadable: quarantined };
  });
}
