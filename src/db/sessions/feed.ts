import type { Queryable } from '../connection/database.js';

/** Where the change feed begins and ends, and which feed it is. */
export type FeedState = {
  id: string;
  /** The highest cursor that retention has deleted: after it nothing is missing. */
  cut: bigint;
  /** The highest cursor assigned; 0 before the first. */
  last: bigint;
};

type Row = { id: string; here: boolean; cut: string; last: string };

/**
 * Read it after a page of the feed, so that it covers what retention deleted from that page meanwhile. A database
 * that was restored from a backup is found here by its place, and its feed gets a new id: its cursors continue where
 * the backup ended, and stand for other versions than before.
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
  if (row === undefined) throw new Error('the change feed has no id: table feed is empty');
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
