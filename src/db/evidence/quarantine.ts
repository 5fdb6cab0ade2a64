import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';

export type QuarantinedBody = {
  id: string;
  appId: string;
  raw: Buffer;
  reason: string;
  receivedMs: UnixMs;
  /** When it was taken in after all; null while it waits. */
  replayedMs: UnixMs | null;
};

/** So much of bodies is read at a time, one of them at least. */
const MOST_BYTES = 4_194_304;

export type QuarantinePage = {
  bodies: readonly QuarantinedBody[];
  /** The place of the last one; null where nothing follows. */
  next: string | null;
};

/** Bodies that no decoder could read yet, oldest first, after `afterId`. */
export function listWaiting(db: Queryable, afterId: string, limit: number): Promise<QuarantinePage> {
  return readPage(db, { where: 'body.replayed_at is null and body.id > $1', order: 'asc' }, afterId, limit);
}

/** All of them, also those that were taken in since; the newest first, before `beforeId`. */
export function listQuarantined(
  db: Queryable,
  beforeId: string | null,
  limit: number,
  onlyWaiting: boolean,
): Promise<QuarantinePage> {
  const where = `body.id < $1${onlyWaiting ? ' and body.replayed_at is null' : ''}`;
  return readPage(db, { where, order: 'desc' }, beforeId ?? HIGHEST_ID, limit);
}

const HIGHEST_ID = '9223372036854775807';

type Row = {
  id: string;
  app_id: string;
  raw: Buffer;
  reason: string;
  received_at: Date;
  replayed_at: Date | null;
  found: number;
};

async function readPage(
  db: Queryable,
  { where, order }: { where: string; order: 'asc' | 'desc' },
  from: string,
  limit: number,
): Promise<QuarantinePage> {
  const { rows } = await db.query<Row>(
    `select page.* from (
       select next.*, count(*) over ()::int as found,
              sum(octet_length(next.raw)) over (order by next.id ${order}) - octet_length(next.raw) as before
       from (
         select body.id, body.app_id, body.raw, body.reason, body.received_at, body.replayed_at
         from quarantined_bodies as body where ${where} order by body.id ${order} limit $2 + 1
       ) next
     ) page where page.before < $3 order by page.id ${order} limit $2`,
    [from, limit, MOST_BYTES],
  );
  const last = rows.at(-1);
  return {
    bodies: rows.map(toBody),
    next: last === undefined || rows.length === last.found ? null : last.id,
  };
}

function toBody({ id, app_id, raw, reason, received_at, replayed_at }: Row): QuarantinedBody {
  return {
    id,
    appId: app_id,
    raw,
    reason,
    receivedMs: unixMs(received_at.getTime()),
    replayedMs: replayed_at === null ? null : unixMs(replayed_at.getTime()),
  };
}

/** How many wait, counted no further than 10,000. */
export async function countQuarantined(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `select count(*)::int as n
     from (select from quarantined_bodies where quarantined_bodies.replayed_at is null limit 10000) as waiting`,
  );
  return rows[0]?.n ?? 0;
}

/** Marks them as replayed. The body stays in quarantine as evidence of what was sent. */
export async function markReplayed(db: Queryable, ids: readonly string[], atMs: UnixMs): Promise<void> {
  await db.query(`update quarantined_bodies set replayed_at = $2 where quarantined_bodies.id = any($1::bigint[])`, [
    ids,
    new Date(atMs),
  ]);
}

/** Drops bodies that were received before `beforeMs`, at most `limit` of them. Returns how many. */
export async function dropQuarantined(db: Queryable, beforeMs: UnixMs, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `with oldest as (
       select quarantined_bodies.id, quarantined_bodies.received_at from quarantined_bodies
       order by quarantined_bodies.id limit $2
     )
     delete from quarantined_bodies as gone using oldest where gone.id = oldest.id and oldest.received_at < $1`,
    [new Date(beforeMs), limit],
  );
  return rowCount ?? 0;
}
