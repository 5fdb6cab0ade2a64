import type { UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

/** So many versions are looked at, and deleted, in one statement: a tenth of a second's work. */
const SLICE = 5_000;

type Row = { cursor: string; sid: string; version: number; at: Date; over: boolean };

/**
 * Deletes versions that are older than `beforeMs`: of a session that is over and whose last version is that old, all
 * but the last one. So a live session keeps all its versions, and every session its last one. Each version is looked
 * at once: one that is not deleted then goes together with the last version of its session.
 *
 * Works on one slice of the feed. Returns how many it deleted, and whether there is more to look at. If the process
 * dies in between, the same slice is looked at again.
 * Ours: docs/decisions/024-a-version-says-something.md
 */
export async function cutFeed(db: Queryable, beforeMs: UnixMs): Promise<{ dropped: number; more: boolean }> {
  const rows = await nextSlice(db);
  const young = rows.findIndex(({ at }) => at.getTime() >= beforeMs);
  const old = young === -1 ? rows : rows.slice(0, young);
  const dropped = await takeOut(
    db,
    old.filter(({ over }) => over),
  );
  const last = old.at(-1);
  if (last === undefined) return { dropped: 0, more: false };
  await db.query(`update feed set looked_at = greatest(feed.looked_at, $1::bigint)`, [last.cursor]);
  return { dropped, more: young === -1 && rows.length === SLICE };
}

/** `over`: it is the last version of a session that is over. */
async function nextSlice(db: Queryable): Promise<readonly Row[]> {
  const { rows } = await db.query<Row>(
    `select slice.cursor::text, slice.sid, slice.version, slice.at,
            exists (select from sessions where sessions.sid = slice.sid and sessions.version = slice.version
                    and sessions.state in ('ended', 'failed')) as over
     from (
       select changes.cursor, changes.sid, changes.version, changes.at from changes
       where changes.cursor > (select feed.looked_at from feed) order by changes.cursor limit $1
     ) as slice order by slice.cursor`,
    [SLICE],
  );
  return rows;
}

/** In several statements if there are many; each records in the same transaction how far it has cut the feed. */
async function takeOut(db: Queryable, last: readonly Row[]): Promise<number> {
  for (let sum = 0; ;) {
    const { rows } = await db.query<{ dropped: number }>(
      `with gone as (
         delete from changes where changes.cursor in (
           select old.cursor from unnest($1::text[], $2::int[]) as over (sid, version)
           join changes as old on old.sid = over.sid and old.version < over.version limit $3
         ) returning changes.cursor
       ), told as (
         update feed set cut_at = greatest(feed.cut_at, (select max(gone.cursor) from gone))
         where exists (select from gone)
       )
       select count(*)::int as dropped from gone`,
      [last.map(({ sid }) => sid), last.map(({ version }) => version), SLICE],
    );
    const dropped = rows[0]?.dropped ?? 0;
    sum += dropped;
    if (dropped < SLICE) return sum;
  }
}
