import type { Logger } from 'pino';
import type { Db } from '../../db/connection/database.js';
import { readLastCursor } from '../../db/sessions/feed.js';

/** One poll serves all who wait, so that they hear of a change late by this much at most. */
const POLL_EVERY_MS = 200;

type Waiting = { after: bigint; wake: () => void };

/**
 * Calls `wake` once, as soon as the change feed ends anywhere else than at that cursor, and returns what gives up the
 * waiting. While Postgres is away, nobody is woken.
 */
export type WatchFeed = (after: bigint, wake: () => void) => () => void;

export function createFeedWatch({ db, log }: { db: Db; log: Logger }): WatchFeed {
  const waiting = new Set<Waiting>();
  let polling = false;
  const poll = async (): Promise<void> => {
    const last = await readLastCursor(db.pool);
    for (const one of [...waiting]) {
      if (last === one.after) continue;
      waiting.delete(one);
      one.wake();
    }
  };
  const pollWhileSomebodyWaits = async (): Promise<void> => {
    if (polling) return;
    polling = true;
    while (waiting.size > 0) {
      await poll().catch((error: unknown) => log.debug({ err: error }, 'feed.not_polled'));
      await pause(POLL_EVERY_MS);
    }
    polling = false;
  };
  return (after, wake) => {
    const one = { after, wake };
    waiting.add(one);
    void pollWhileSomebodyWaits();
    return () => {
      waiting.delete(one);
    };
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
