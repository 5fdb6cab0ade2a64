import { z } from 'zod';
import type { Db } from '../db/database.js';
import { readPauses } from '../db/query-pace.js';
import { claimDue, type ClaimedQuery } from '../db/query-schedule.js';
import { unixMs, type UnixMs } from '../evidence/instant.js';
import { queueRoom } from '../reconcile/pacing.js';
import { QUERY_CLASSES } from '../reconcile/query-class.js';
import type { Account } from './account.js';
import type { JobQueue } from './backend.js';

export type PlanContext = {
  db: Db;
  accounts: readonly Account[];
  queryQueue: JobQueue;
  now: () => UnixMs;
};

/** What a query job carries: which session, and which claim of it. */
export const queryPayload = z.object({ sid: z.string(), claimedMs: z.number().transform(unixMs) });

/**
 * How long a claimed query may wait in the queue. After that the queue has lost it, and it is due
 * again: much longer would leave a session unasked after a flush, much shorter would claim twice
 * what merely waits for its slot.
 */
const QUEUE_LEASE_MS = 10_000;

/**
 * One tick of the planner: moves what is due into the queue, most urgent first, so that at most two
 * seconds' worth stands there. Ticks may come twice, late or at the same time on two machines: a row
 * is claimed by one of them.
 */
export async function planQueries(context: PlanContext): Promise<number> {
  const pauses = await readPauses(context.db);
  let planned = 0;
  for (const account of context.accounts.filter(({ name }) => !pauses.has(name))) {
    planned += await planAccount(context, account);
  }
  return planned;
}

async function planAccount(
  { db, queryQueue, now }: PlanContext,
  account: Account,
): Promise<number> {
  const claimed = await claimDue(
    db,
    account.name,
    now(),
    QUEUE_LEASE_MS,
    queueRoom(account.perSecond),
    QUERY_CLASSES.length,
  );
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
