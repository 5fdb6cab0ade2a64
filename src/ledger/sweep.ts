import { findUnscheduled } from '../db/schedule/find-unscheduled.js';
import { requeueSetAside } from '../db/sessions/set-aside.js';
import { FOLD_BATCH, foldAll } from './fold-all.js';
import type { FoldContext } from './fold-context.js';
import { foldOrSetAside } from './fold-or-set-aside.js';
import { foldAlarms, foldSession, refoldSession } from './fold-sessions.js';

/** A sweep folds only for this long: it does not replace the fold job, and alarms wait for the sweep. */
const SWEEP_FOLDS_FOR_MS = 1_000;

/**
 * Folds what a lost wake-up left behind, and what changes by time alone. Under a heavy load of notifications
 * every commit wakes the fold job, and a second fold beside it would take the time that it leaves to
 * receiving. The same holds while this process is already folding.
 */
export async function sweep(
  context: FoldContext,
  { isFolding }: { isFolding: boolean } = { isFolding: false },
): Promise<void> {
  while ((await foldAlarms(context, FOLD_BATCH)) === FOLD_BATCH && !context.stopping.aborted);
  // One by one, because they have failed before, and a batch with one of them would fail as a whole.
  for (const sid of await requeueSetAside(context.db.pool, 'due', context.now())) {
    await foldOrSetAside(context, sid, () => foldSession(context, sid));
  }
  if (context.pressure() === 'none' && !isFolding) await foldAll(context, { forMs: SWEEP_FOLDS_FOR_MS });
}

/**
 * Refolds sessions that could not be queried while their app was not configured: the finding disappears, and
 * they get their next query. If it is interrupted, the next start continues.
 */
export async function refoldConfigured(context: FoldContext, appIds: readonly string[]): Promise<void> {
  let sids: readonly string[] = [];
  do {
    sids = await findUnscheduled(context.db, appIds, context.now(), sids.at(-1) ?? '');
    for (const sid of sids) {
      if (context.stopping.aborted) return;
      await foldOrSetAside(context, sid, () => refoldSession(context, sid));
    }
  } while (sids.length > 0);
}
