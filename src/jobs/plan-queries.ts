import { z } from 'zod';
import type { Db } from '../db/connection/database.js';
import { readPauses } from '../db/schedule/query-pace.js';
import { countOlder, readFront, readSample } from '../db/schedule/query-front.js';
import { claimQueries, type ClaimedQuery } from '../db/schedule/query-schedule.js';
import { claimProbe, findProbe, readRefusals } from '../db/schedule/refused.js';
import { plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import { readChannel, type Channel } from '../reconcile/channel.js';
import {
  chooseQueries,
  firstFromMs,
  oldestFirst,
  type Candidate,
  type OldestFirst,
} from '../reconcile/choose-queries.js';
import { queueRoom } from '../reconcile/pacing.js';
import { QUERY_CLASSES } from '../reconcile/query-class.js';
import { likelySilence } from '../reconcile/suspicion.js';
import { appScope, type Account } from '../asking/account.js';
import type { JobQueue } from './backend.js';
import { readReachablePace } from '../asking/reachable-pace.js';
import { PROBE_EVERY_MS } from '../asking/refusals.js';

export type PlanContext = {
  db: Db;
  accounts: readonly Account[];
  queryQueue: Pick<JobQueue, 'addBulk'>;
  now: () => UnixMs;
  routineIntervalMs: number;
  /** A number in [0, 1), another with every call. */
  chance: () => number;
};

/** The payload of a query job: the session, and which claim of it. */
export const queryPayload = z.object({ sid: z.string(), claimedMs: z.number().transform(unixMs) });

/**
 * How long a claimed query may wait in the queue. After that the queue counts as having lost it, and it is
 * due again. If this were much longer, sessions would stay unasked after a flush; if much shorter, queries
 * that merely wait for a slot would be claimed twice.
 */
const QUEUE_LEASE_MS = 10_000;

/** How long an account's state is used before it is read again. */
const PICTURE_FOR_MS = 5_000;

/**
 * What the planner knows of an account apart from its schedule: the state of the channel, which sessions are
 * old, and how fast it can be asked.
 */
type Picture = {
  channel: Channel;
  ages: OldestFirst;
  firstFromMs: number;
  perSecond: number;
  madeMs: UnixMs;
};

/**
 * The planner: each tick moves due queries into the queue, the most urgent first, so that at most two
 * seconds' worth is there. Ticks may come twice, late, or at the same time on two machines: each row is
 * claimed by one of them.
 */
export function createPlanner(context: PlanContext): () => Promise<number> {
  const pictures = new Map<string, Picture>();
  const pictureOf = async (account: Account): Promise<Picture> => {
    const known = pictures.get(account.name);
    if (known !== undefined && context.now() - known.madeMs < PICTURE_FOR_MS) return known;
    const picture = await makePicture(context, account);
    pictures.set(account.name, picture);
    return picture;
  };
  return async () => {
    const pauses = await readPauses(context.db);
    const refusals = await readRefusals(context.db.pool);
    let planned = 0;
    for (const account of context.accounts.filter(({ name }) => !pauses.has(name))) {
      const { name, appIds } = account;
      const refusedApps = appIds.filter((appId) => refusals.has(appScope(name, appId)));
      if (refusals.has(name)) planned += await planTry(context, name, null);
      else planned += await planAccount(context, account, refusedApps, await pictureOf(account));
      if (!refusals.has(name)) for (const appId of refusedApps) planned += await planTry(context, name, appId);
    }
    return planned;
  };
}

async function makePicture({ db, now, routineIntervalMs }: PlanContext, account: Account): Promise<Picture> {
  const { name } = account;
  const madeMs = now();
  const pace = (await readReachablePace(db, [account])).get(name);
  const perSecond = pace?.perSecond ?? account.perSecond;
  const { beatsDueMs, live } = await readSample(db, name);
  const ages = oldestFirst(live, perSecond, routineIntervalMs);
  const old = await countOlder(db, name, plusMs(madeMs, -ages.countedFromMs));
  const channel = readChannel(beatsDueMs, madeMs);
  return { channel, ages, firstFromMs: firstFromMs(ages, old, perSecond), perSecond, madeMs };
}

/** One query a minute shows whether an app, or a whole account, is still refused. */
async function planTry({ db, queryQueue, now }: PlanContext, account: string, appId: string | null): Promise<number> {
  const scope = appId === null ? account : appScope(account, appId);
  if (!(await claimProbe(db, scope, PROBE_EVERY_MS))) return 0;
  const candidate = await findProbe(db.pool, account, appId, now());
  return candidate === null ? 0 : enqueue({ db, queryQueue, now }, [candidate]);
}

async function enqueue(
  { db, queryQueue, now }: Pick<PlanContext, 'db' | 'queryQueue' | 'now'>,
  chosen: readonly Candidate[],
): Promise<number> {
  const claimed = await claimQueries(db, chosen, now(), QUEUE_LEASE_MS);
  if (claimed.length > 0) await queryQueue.addBulk(claimed.map(toJob));
  return claimed.length;
}

async function planAccount(
  { db, queryQueue, now, chance }: PlanContext,
  { name }: Account,
  refusedApps: readonly string[],
  picture: Picture,
): Promise<number> {
  const nowMs = now();
  const { room, heads } = await readFront(db, name, {
    nowMs,
    largest: queueRoom(picture.perSecond),
    classes: QUERY_CLASSES.length,
    waitingBeforeMs: plusMs(nowMs, -picture.ages.shareFromMs),
    likely: likelySilence(picture.channel, nowMs),
    refusedApps,
  });
  const chosen = chooseQueries(heads, {
    room,
    firstFromMs: picture.firstFromMs,
    chance: chance(),
    nowMs,
  });
  return enqueue({ db, queryQueue, now }, chosen);
}

/** BullMQ's priorities begin at 1. */
function toJob({ sid, claimedMs, priority }: ClaimedQuery): {
  name: string;
  data: { sid: string; claimedMs: number };
  opts: { priority: number };
} {
  return { name: 'query', data: { sid, claimedMs }, opts: { priority: priority + 1 } };
}
