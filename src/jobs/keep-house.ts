import { setTimeout } from 'node:timers/promises';
import { dropNoticesBefore, type Dropped } from '../db/evidence/retention.js';
import { DAY_MS, plusMs } from '../evidence/instant.js';
import { ensurePartitions } from '../db/migrations/partitions.js';
import { takeBack } from '../db/sessions/set-aside.js';
import { findUnscheduled } from '../db/schedule/find-unscheduled.js';
import { foldOrSetAside } from '../ledger/fold-apart.js';
import { foldAlarms, foldPending, foldSession, refoldSession } from '../ledger/fold-sessions.js';
import { foldNextPiece } from '../ledger/fold-in-pieces.js';
import type { AskContext } from '../asking/ask-context.js';
import type { FoldContext } from '../ledger/fold-context.js';

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
  for (const sid of await takeBack(context.db.pool, 'due', context.now())) {
    await foldOrSetAside(context, sid, () => foldSession(context, sid));
  }
  if (context.pressure() === 'none' && !isFolding) await foldAll(context, { forMs: SWEEP_FOLDS_FOR_MS });
}

/** Partitions for the coming days. Neither a start nor other work fails for what is in the way of them. */
export async function makePartitions({ db, now, log }: Pick<AskContext, 'db' | 'now' | 'log'>): Promise<void> {
  try {
    const outcome = await ensurePartitions(db.pool, now());
    if (outcome === 'locked') log.info('partitions.locked');
  } catch (error) {
    log.error({ err: error }, 'partitions.not_made');
  }
}

/**
 * Folds sessions anew that could not be asked about while their app was not configured: the finding
 * goes, and they get their next query. Stopped on the way, the next one goes on.
 */
export async function takeUpConfigured(context: FoldContext, appIds: readonly string[]): Promise<void> {
  let sids: readonly string[] = [];
  do {
    sids = await findUnscheduled(context.db, appIds, context.now(), sids.at(-1) ?? '');
    for (const sid of sids) {
      if (context.stopping.aborted) return;
      await foldOrSetAside(context, sid, () => refoldSession(context, sid));
    }
  } while (sids.length > 0);
}

/** Drops the raw notices of sessions at rest that are older than so many days; 0 keeps everything. */
export async function applyRetention(
  { db, now }: Pick<FoldContext, 'db' | 'now'>,
  retentionDays: number,
  onDropped: (dropped: Dropped) => void,
): Promise<void> {
  if (retentionDays === 0) return;
  const dropped = await dropNoticesBefore(db, plusMs(now(), -retentionDays * DAY_MS), now());
  if (dropped.notices > 0 || dropped.days > 0) onDropped(dropped);
}
