import type { PoolClient } from 'pg';
import { ping } from '../db/connection/database.js';
import { isTransientError } from '../db/connection/postgres-errors.js';
import { lockSession } from '../db/sessions/session-lock.js';
import { areOthersFoldedSince, setAside } from '../db/sessions/set-aside.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import type { UnixMs } from '../evidence/instant.js';
import type { FoldContext } from './fold-context.js';

/** Folds locked sessions in the transaction that holds their locks. Returns whether more of their evidence waits. */
type FoldLocked = (tx: PoolClient, sids: readonly string[]) => Promise<boolean>;

/** How many sessions were folded, and whether more evidence waits. */
export type FoldedBatch = { sessions: number; more: boolean };

/**
 * Folds the sessions that `lock` finds in one transaction. If that fails, folds each of them in its own
 * transaction, so that one failing session delays no other.
 */
export async function foldTogetherOrEach(
  context: FoldContext,
  lock: (tx: PoolClient) => Promise<string[]>,
  foldLocked: FoldLocked,
): Promise<FoldedBatch> {
  let sids: string[] = [];
  let more = false;
  try {
    await withTransaction(context.db, async (tx) => {
      sids = await lock(tx);
      if (sids.length > 0) more = await foldLocked(tx, sids);
    });
  } catch (error) {
    if (sids.length === 0) throw error;
    more = await foldEach(context, sids, foldLocked);
  }
  return { sessions: sids.length, more };
}

/**
 * Folds each session alone. A session that fails with an error that might affect all sessions is tried once
 * more after all others: whether those could be folded shows where the problem is.
 */
async function foldEach(context: FoldContext, sids: readonly string[], foldLocked: FoldLocked): Promise<boolean> {
  const sinceMs = context.now();
  const again: string[] = [];
  let [folded, more] = [0, false];
  for (const sid of sids) {
    if (context.stopping.aborted) return true;
    try {
      more = (await foldAlone(context, sid, foldLocked)) || more;
      folded += 1;
    } catch (error) {
      if (!isTransientError(error)) await recordSetAside(context, sid, error);
      else again.push(sid);
      await ping(context.db); // if Postgres is away, trying the others one by one would take long
    }
  }
  for (const sid of again)
    await foldLastTime(context, sid, () => foldAlone(context, sid, foldLocked), folded > 0 ? 'others' : sinceMs);
  return more;
}

export async function foldAlone({ db }: FoldContext, sid: string, foldLocked: FoldLocked): Promise<boolean> {
  return withTransaction(db, async (tx) => {
    await lockSession(tx, sid);
    return foldLocked(tx, [sid]);
  });
}

/**
 * Folds a session. It is set aside if it fails because of its own content, or if it fails twice with an error
 * that might affect all sessions while others can be folded. If the process dies before that, the session
 * fails again and is set aside then.
 */
export async function foldOrSetAside(context: FoldContext, sid: string, fold: () => Promise<unknown>): Promise<void> {
  const sinceMs = context.now();
  try {
    await fold();
  } catch (error) {
    if (isTransientError(error)) await foldLastTime(context, sid, fold, sinceMs);
    else await recordSetAside(context, sid, error);
  }
}

/**
 * An error that affects all sessions, as when Postgres is away, full or locked, says nothing about this one.
 * So it is set aside only if others could be folded since it began to fail.
 */
async function foldLastTime(
  context: FoldContext,
  sid: string,
  fold: () => Promise<unknown>,
  folded: 'others' | UnixMs,
): Promise<void> {
  try {
    await fold();
  } catch (error) {
    const isItsOwn =
      !isTransientError(error) || folded === 'others' || (await areOthersFoldedSince(context.db.pool, sid, folded));
    if (!isItsOwn) throw error;
    await recordSetAside(context, sid, error);
  }
}

async function recordSetAside(context: FoldContext, sid: string, error: unknown): Promise<void> {
  await setAside(context.db.pool, sid, String(error), context.now());
  context.onSetAside(sid, error);
}
