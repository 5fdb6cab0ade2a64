import { setTimeout } from 'node:timers/promises';
import type { FoldContext } from './fold-context.js';
import { foldNextPiece } from './fold-in-pieces.js';
import { foldPending } from './fold-sessions.js';

/** Sessions folded in one transaction: larger ones hold their locks longer, smaller ones commit more. */
export const FOLD_BATCH = 100;

/** While notifications press in, folding rests for so many times as long as it worked. */
const REST = { none: 0, burst: 19, lasting: 3 } as const;

export type FoldAllOptions = {
  /** Called whenever more waits than was taken, so that others may help. */
  onMore?: () => void;
  /** Stops after so long, whatever waits. */
  forMs?: number;
};

/**
 * Folds until nothing waits any more: what is small in batches, what is large piece by piece in between,
 * so that neither waits for the other. Running twice at once, each takes sessions the other has not.
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

async function rest(ms: number, stopping: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal: stopping }).catch(() => undefined); // told to stop
}
