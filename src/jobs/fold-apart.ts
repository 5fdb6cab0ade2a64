import type { PoolClient } from 'pg';
import { isPassing } from '../db/refusal.js';
import { lockSession } from '../db/session-lock.js';
import { setAside } from '../db/set-aside.js';
import { withTransaction } from '../db/with-transaction.js';
import type { FoldContext } from './fold-context.js';

/** Folds sessions that are locked, in the transaction that holds their locks. */
type FoldLocked = (tx: PoolClient, sids: readonly string[]) => Promise<void>;

/**
 * Folds the sessions that `lock` finds in one transaction, or where that fails, each of them in one of
 * its own: one that cannot be folded must hold up no other. Returns how many there were.
 */
export async function togetherOrApart(
  context: FoldContext,
  lock: (tx: PoolClient) => Promise<string[]>,
  foldLocked: FoldLocked,
): Promise<number> {
  let sids: string[] = [];
  try {
    await withTransaction(context.db, async (tx) => {
      sids = await lock(tx);
      if (sids.length > 0) await foldLocked(tx, sids);
    });
  } catch (error) {
    if (sids.length === 0 || isPassing(error)) throw error;
    for (const sid of sids) await foldOrSetAside(context, sid, () => foldAlone(context, sid, foldLocked)); // prettier-ignore
  }
  return sids.length;
}

export async function foldAlone(
  { db }: FoldContext,
  sid: string,
  foldLocked: FoldLocked,
): Promise<void> {
  await withTransaction(db, async (tx) => {
    await lockSession(tx, sid);
    await foldLocked(tx, [sid]);
  });
}

/** If the process dies before it is set aside, it fails again, and is set aside then. */
export async function foldOrSetAside(
  context: FoldContext,
  sid: string,
  fold: () => Promise<unknown>,
): Promise<void> {
  try {
    await fold();
  } catch (error) {
    if (isPassing(error)) throw error;
    await setAside(context.db.pool, sid, String(error), context.now());
    context.onSetAside(sid, error);
  }
}
