import { z } from 'zod';
import type { Db } from '../db/database.js';
import { readPauses } from '../db/query-pace.js';
import { claimQueries, readFront, readMissRate, type ClaimedQuery } from '../db/query-schedule.js';
import { plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import { chooseQueries, OLDEST_FIRST_SHARE } from '../reconcile/choose-queries.js';
import { queueRoom } from '../reconcile/pacing.js';
import { QUERY_CLASSES } from '../reconcile/query-class.js';
import type { Account } from './account.js';
import type { JobQueue } from './backend.js';

export type PlanContext = {
  db: Db;
  accounts: readonly Account[];
  queryQueue: JobQueue;
  now: () => UnixMs;
  routineIntervalMs: number;
  /** A number in [0, 1), another with every call. */
  chance: () => number;
};

/** What a query job carries: which session, and which claim of it. */
export const queryPayload = z.object({ sid: z.string(), claimedMs: z.number().transform(unixMs) });

/**
 * How long a claimed query may wait in the queue. After that the queue has lost it, and it is due
 * again: much longer would leave a session unasked after a flush, much shorter would claim twice
 * what merely waits for its slot.
 */
const QUEUE_LEASE_MS = 10_000;

/** How long an estimate of the channel's silence is used before it is made anew. */
const MISS_RATE_FOR_MS = 5_000;

/**
 * The planner: each tick moves what is due into the queue, most urgent first, so that at most two
 * seconds' worth stands there. Ticks may come twice, late or at the same time on two machines: a row
 * is claimed by one of them.
 */
export function createPlanner(context: PlanContext): () => Promise<number> {
  const missRates = new Map<string, { rate: number; readMs: UnixMs }>();
  const missRateOf = async (account: string): Promise<number> => {
    const nowMs = context.now();
    const known = missRates.get(account);
    if (known !== undefined && nowMs - known.readMs < MISS_RATE_FOR_MS) return known.rate;
    const rate = await readMissRate(context.db, account, nowMs);
    missRates.set(account, { rate, readMs: nowMs });
    return rate;
  };
  return async () => {
    const pauses = await readPauses(context.db);
    let planned = 0;
    for (const account of context.accounts.filter(({ name }) => !pauses.has(name))) {
      planned += await planAccount(context, account, await missRateOf(account.name));
    }
    return planned;
  };
}

async function planAccount(
  { db, queryQueue, now, routineIntervalMs, chance }: PlanContext,
  account: Account,
  missRate: number,
): Promise<number> {
  const nowMs = now();
  const { room, heads } = await readFront(
    db,
    account.name,
    nowMs,
    queueRoom(account.perSecond),
    plusMs(nowMs, -routineIntervalMs),
    QUERY_CLASSES.length,
  );
  // On average the share, also where there is room for one at a time.
  const forOldest = Math.floor(room * OLDEST_FIRST_SHARE + chance());
  const chosen = chooseQueries(heads, room, forOldest, missRate, nowMs);
  const claimed = await claimQueries(db, chosen, nowMs, QUEUE_LEASE_MS);
  if (claimed.length > 0) await queryQueue.addBulk(claimed.map(toJob));
  return claimed.length;
}

/** BullMQ's priorities begin at 1. */
function toJob({ sid, claimedMs, priority }: ClaimedQuery): {
  name: string;
  data: { sid: string; claimedMs: number };
  opts: { priority: number };
} {
  return { name: 'query', data: { sid, claimedMs }, opts: { priority: priority + 1 } };
}
