import type { Queryable } from '../connection/database.js';

/** Where the change feed begins and ends, and which feed it is. */
export type FeedState = {
  id: string;
  /** The highest cursor that retention has taken out: from there on nothing is missing. */
  cut: bigint;
  /** The highest cursor given out; 0 before the first. */
  last: bigint;
};

type Row = { id: string; here: boolean; cut: string; last: string };

/**
 * Read after a page of the feed: then whatever retention took out of the page meanwhile is told. A database that was
 * restored from a backup, or brought forward from one, finds here that it is another one, and its feed gets another
 * name: its cursors go on where the backup ended, and say something else than they did.
 * Ours: docs/decisions/004-the-feed-in-commit-order.md
 */
export async function readFeedState(db: Queryable): Promise<FeedState> {
  const row = await readRow(db);
  if (row.here) return toState(row);
  await db.query(`update feed set id = gen_random_uuid(), made_in = feed_place() where feed.made_in <> feed_place()`);
  return toState(await readRow(db));
}

async function readRow(db: Queryable): Promise<Row> {
  const { rows } = await db.query<Row>(
    `select feed.id, feed.made_in = feed_place() as here, feed.cut_at::text as cut,
            greatest(feed.cut_at, (select max(changes.cursor) from changes), 0)::text as last
     from feed`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error('the change feed has lost its name: table feed is empty');
  return row;
}

function toState({ id, cut, last }: Row): FeedState {
  return { id, cut: BigInt(cut), last: BigInt(last) };
}

/** The highest cursor that can be read now; 0 before the first. */
export async function readLastCursor(db: Queryable): Promise<bigint> {
  const { rows } = await db.query<{ last: string | null }>(`select max(changes.cursor)::text as last from changes`);
  return BigInt(rows[0]?.last ?? 0);
}
