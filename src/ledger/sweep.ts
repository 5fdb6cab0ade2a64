import { findUnscheduled } from '../db/schedule/find-unscheduled.js';
import { requeueSetAside } from '../db/sessions/set-aside.js';
import { FOLD_BATCH, foldAll } from './fold-all.js';
import type { FoldContext } from './fold-context.js';
import { foldOrSetAside } from './fold-or-set-aside.js';
import { foldAlarms, foldSession, refoldSession } from './fold-sessions.js';

/** A sweep is no substitute for the fold job, and alarms wait for it. */
const SWEEP_FOLDS_FOR_MS = 1_000;

/**
 * What a lost wake-up left behind, and what time alone brings about. While notifications press in,
 * every commit wakes the folding, and a second one beside it would only take what it leaves to them. The
 * same holds where this process folds already.
 */
export async function sweep(
  context: FoldContext,
  { isFolding }: { isFolding: boolean } = { isFolding: false },
): Promise<void> {
  while ((await foldAlarms(context, FOLD_BATCH)) === FOLD_BATCH && !context.stopping.aborted);
  // Alone, for they have failed before, and a batch with one of them would fail as a whole.
  for (const sid of await requeueSetAside(context.db.pool, 'due', context.now())) {
    await foldOrSetAside(context, sid, () => foldSession(context, sid));
  }
  if (context.pressure() === 'none' && !isFolding) await foldAll(context, { forMs: SWEEP_FOLDS_FOR_MS });
}

/**
 * Folds sessions anew that could not be asked about while their app was not configured: the finding
 * goes, and they get their next query. Stopped on the way, the next one goes on.
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
