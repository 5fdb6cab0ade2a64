import { isPassing } from '../db/refusal.js';
import { setAside } from '../db/set-aside.js';
import type { FoldContext } from './fold-context.js';

type FoldOne = (sid: string) => Promise<unknown>;

/**
 * The result of folding many sessions together, or where that fails, of folding each of them alone: one
 * that cannot be folded must hold up no other. Both return how many there were.
 */
export async function orApart(
  context: FoldContext,
  together: Promise<number>,
  list: () => Promise<string[]>,
  foldOne: FoldOne,
): Promise<number> {
  try {
    return await together;
  } catch (error) {
    if (isPassing(error)) throw error;
    const sids = await list();
    for (const sid of sids) await foldOrSetAside(context, sid, foldOne);
    return sids.length;
  }
}

/** If the process dies before it is set aside, it fails again, and is set aside then. */
export async function foldOrSetAside(
  context: FoldContext,
  sid: string,
  foldOne: FoldOne,
): Promise<void> {
  try {
    await foldOne(sid);
  } catch (error) {
    if (isPassing(error)) throw error;
    await setAside(context.db.pool, sid, String(error), context.now());
    context.onSetAside(sid, error);
  }
}
