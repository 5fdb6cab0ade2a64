import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Db } from '../../db/connection/database.js';
import { listChanges, type StoredChange } from '../../db/sessions/changes.js';
import { readFeedState, type FeedState } from '../../db/sessions/feed.js';
import type { VerdictRules } from '../../sessions/facts/rules.js';
import { changeResponse } from './change-response.js';

/** A reader that stalls holds one page, of 1 to 2 kB for each change. */
const PAGE = 50;
/** Readers at the end of the feed want the same page at the same time. */
const KEPT_PAGES = 8;

/** Of what feed, and which apps can be asked about: that is a part of a session. */
export type FeedContext = { db: Db; rules: Pick<VerdictRules, 'accountOf'> };

/** A change as it is written to a stream, with what streams are filtered by. */
export type StreamedChange = { cursor: bigint; sid: string; appId: string | null; state: string; event: string };

/** `state` was read after the changes, so that it covers what retention deleted from among them. */
export type FeedPage = { changes: readonly StreamedChange[]; state: FeedState };

/** What follows a cursor of a feed; no changes at its end. */
export type ReadFeedPage = (feed: string, after: bigint) => Promise<FeedPage>;

/**
 * Reads the feed for all streams together: one page at a time, on one connection, with a turn of the event loop
 * between them for all other work. Pages are kept for those who come next to the same place. A page that was read a
 * while ago may be shorter than it would be now, and nothing is missing from it.
 */
export function createFeedPages({ db, rules }: FeedContext): ReadFeedPage {
  const kept = new Map<string, FeedPage>();
  let turn: Promise<unknown> = Promise.resolve();
  const read = async (feed: string, after: bigint): Promise<FeedPage> => {
    await nextTurn();
    const known = kept.get(placeOf(feed, after));
    if (known !== undefined) return known;
    const stored = await listChanges(db.pool, String(after), PAGE);
    const state = await readFeedState(db.pool);
    const page = { changes: stored.map((change) => streamed(change, rules)), state };
    if (stored.length > 0) keep(kept, placeOf(state.id, after), page);
    return page;
  };
  return (feed, after) => {
    const page = turn.then(() => read(feed, after));
    turn = page.catch(() => undefined);
    return page;
  };
}

function placeOf(feed: string, after: bigint): string {
  return `${feed} ${String(after)}`;
}

function keep(kept: Map<string, FeedPage>, place: string, page: FeedPage): void {
  kept.set(place, page);
  for (const oldest of [...kept.keys()].slice(0, -KEPT_PAGES)) kept.delete(oldest);
}

function streamed(change: StoredChange, rules: FeedContext['rules']): StreamedChange {
  const { cursor, sid, session } = change;
  const data = JSON.stringify(changeResponse(change, rules));
  const event = `id: ${cursor}\nevent: change\ndata: ${data}\n\n`;
  return { cursor: BigInt(cursor), sid, appId: session.appId, state: session.state, event };
}
