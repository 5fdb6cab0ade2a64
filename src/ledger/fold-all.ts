import type { FoldContext } from './fold-context.js';
import { foldNextPiece } from './fold-in-pieces.js';
import { foldPending } from './fold-sessions.js';
import { rest } from '../timing/rest.js';

/** Sessions folded in one transaction: larger ones hold their locks longer, smaller ones commit more. */
export const FOLD_BATCH = 100;

/** Under a heavy load of notifications, folding rests for this many times as long as it worked. */
const REST = { none: 0, burst: 19, lasting: 3 } as const;

export type FoldAllOptions = {
  /** Called whenever more waits than was taken, so that other workers may help. */
  onMore?: () => void;
  /** Stops after this time, even if more waits. */
  forMs?: number;
};

/**
 * Folds until nothing waits any more. Small sessions are folded in batches, large ones piece by piece in
 * between, so that neither waits for the other. Two runs at once take different sessions.
 */
export async function foldAll(
  context: FoldContext,
  { onMore = () => undefined, forMs = Number.POSITIVE_INFINITY }: FoldAllOptions = {},
): Promise<number> {
  const start = performance.now();
  let total = 0;
  for (;;) {
    const begin = performance.now();
    const { sessions, more } = await foldPending(context, FOLD_BATCH);
    const isPiece = await foldNextPiece(context);
    total += sessions;
    const isOver = performance.now() - start >= forMs || context.stopping.aborted;
    if ((!more && !isPiece) || isOver) return total;
    if (more) onMore();
    const restMs = (performance.now() - begin) * REST[context.pressure()];
    if (restMs > 0) await rest(restMs, context.stopping);
  }
}
