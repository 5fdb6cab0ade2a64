import { parseNotification } from '../agora/parse-notification.js';
import { isDataError } from '../db/connection/postgres-errors.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import { noticeRow } from '../db/evidence/incoming-rows.js';
import { listWaiting, markReplayed, type QuarantinedBody } from '../db/evidence/quarantine.js';
import { CONTRADICTION, storeNotices, type NoticeRow } from '../db/evidence/store-notices.js';
import type { FoldContext } from './fold-context.js';

export const REPLAY_PAGE = 200;

export type QuarantineReplay = {
  taken: number;
  /** How many stay, by why nobody can take them in. */
  unreadable: ReadonlyMap<string, number>;
};

/** A part of it: `sids` have something to fold since, and `next` is where to go on, null at the end. */
export type PartlyReplayed = QuarantineReplay & { sids: ReadonlySet<string>; next: string | null };

/**
 * Reads every quarantined body with today's decoder and stores what can be parsed now, with its original time
 * of receipt. `identityScopeOf` is the receiver's. If it runs twice or is killed on the way, nothing is
 * stored twice.
 */
export async function replayQuarantine(
  context: FoldContext,
  identityScopeOf: (appId: string) => string,
): Promise<QuarantineReplay> {
  const unreadable = new Map<string, number>();
  let taken = 0;
  let after: string | null = '0';
  while (after !== null) {
    const part: PartlyReplayed = await replayPart(context, identityScopeOf, after, REPLAY_PAGE);
    taken += part.taken;
    for (const [reason, times] of part.unreadable) unreadable.set(reason, times + (unreadable.get(reason) ?? 0));
    after = part.next;
  }
  return { taken, unreadable };
}

/** The same of so many bodies after that place, oldest first. */
export async function replayPart(
  context: FoldContext,
  identityScopeOf: (appId: string) => string,
  after: string,
  limit: number,
): Promise<PartlyReplayed> {
  const { bodies, next } = await listWaiting(context.db.pool, after, limit);
  const unreadable = new Map<string, number>();
  const stays = (reason: string): void => void unreadable.set(reason, 1 + (unreadable.get(reason) ?? 0));
  const readable = bodies.flatMap((body) => {
    const read = readAgain(body, identityScopeOf);
    if (typeof read !== 'string') return [read];
    stays(read);
    return [];
  });
  const taken = await takeIn(context, readable, stays);
  return { taken: taken.length, unreadable, sids: new Set(taken.map(({ row }) => row.sid)), next };
}

type Readable = { id: string; row: NoticeRow };

/** Or why it stays. */
function readAgain(
  { id, appId, raw, reason, receivedMs }: QuarantinedBody,
  identityScopeOf: (appId: string) => string,
): Readable | string {
  if (reason === CONTRADICTION) return reason; // read it could be from the beginning
  const parsed = parseNotification(raw, { appId, receivedMs }, identityScopeOf(appId));
  return parsed.kind === 'unreadable' ? parsed.reason : { id, row: noticeRow(parsed, appId, receivedMs) };
}

/** All in one transaction; where Postgres refuses one of them for its content, each in its own. */
async function takeIn(
  context: FoldContext,
  readable: readonly Readable[],
  stays: (reason: string) => void,
): Promise<readonly Readable[]> {
  const [first, ...others] = readable;
  if (first === undefined) return [];
  try {
    await store(context, readable);
    return readable;
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (others.length === 0) {
      stays(String(error));
      return [];
    }
  }
  const taken: Readable[] = [];
  for (const one of readable) taken.push(...(await takeIn(context, [one], stays)));
  return taken;
}

async function store({ db, now, shard }: FoldContext, readable: readonly Readable[]): Promise<void> {
  await withTransaction(db, async (tx) => {
    await storeNotices(
      tx,
      readable.map(({ row }) => row),
      shard,
    );
    await markReplayed(
      tx,
      readable.map(({ id }) => id),
      now(),
    );
  });
}
