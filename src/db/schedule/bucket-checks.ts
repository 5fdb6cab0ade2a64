import type { PoolClient } from 'pg';
import type { UnixMs } from '../../evidence/instant.js';
import type { LookClass, PlannedLook } from '../../reconcile/plan-look.js';
import type { Queryable } from '../connection/database.js';

/** The next look of each of these sessions; null where none is needed. */
export type PlannedLooks = readonly { sid: string; look: PlannedLook | null }[];

/**
 * Writes the next looks. A look that somebody asked for stays; so does the lease of one that is being made, which
 * ends when its look is recorded (`endTurn`).
 */
export async function saveLooks(tx: PoolClient, planned: PlannedLooks): Promise<void> {
  const due = planned.flatMap(({ sid, look }) => (look === null ? [] : [{ sid, ...look }]));
  if (due.length > 0) {
    await tx.query(
      `insert into bucket_checks as kept (sid, look_class, due_at, turn_at)
       select told.sid, told.look_class, told.due_at, told.due_at
       from unnest($1::text[], $2::text[], $3::timestamptz[]) as told (sid, look_class, due_at)
       on conflict (sid) do update set
         look_class = excluded.look_class, due_at = excluded.due_at,
         turn_at = case when kept.asked_at is null and kept.turn_at is not distinct from kept.due_at
                        then excluded.due_at else kept.turn_at end
       where (kept.look_class, kept.due_at) is distinct from (excluded.look_class, excluded.due_at)`,
      [due.map(({ sid }) => sid), due.map(({ lookClass }) => lookClass), due.map(({ dueMs }) => new Date(dueMs))],
    );
  }
  const done = planned.flatMap(({ sid, look }) => (look === null ? [sid] : []));
  if (done.length === 0) return;
  await tx.query(`delete from bucket_checks where bucket_checks.sid = any($1::text[]) and asked_at is null`, [done]);
  await tx.query(
    `update bucket_checks set look_class = null, due_at = null where bucket_checks.sid = any($1::text[])`,
    [done],
  );
}

/** Asks for a look now, on a person's wish. */
export async function requestLook(db: Queryable, sid: string, nowMs: UnixMs): Promise<void> {
  await db.query(
    `insert into bucket_checks as kept (sid, asked_at, turn_at) values ($1, $2, $2)
     on conflict (sid) do update set asked_at = coalesce(kept.asked_at, $2), turn_at = least(kept.turn_at, $2)`,
    [sid, new Date(nowMs)],
  );
}

/** A session's turn: a look is to be made before the lease ends. */
export type LookTurn = { sid: string; lookClass: LookClass };

/** Takes the turns that have come, those that somebody asked for first. After the lease they come again. */
export async function takeTurns(db: Queryable, nowMs: UnixMs, leaseMs: number, limit: number): Promise<LookTurn[]> {
  const { rows } = await db.query<{ sid: string; look_class: LookClass | null; asked_at: Date | null }>(
    `with come as (
       select bucket_checks.sid from bucket_checks where bucket_checks.turn_at <= $1
       order by bucket_checks.asked_at nulls last, bucket_checks.turn_at limit $3
       for update skip locked
     )
     update bucket_checks set turn_at = $2 from come where bucket_checks.sid = come.sid
     returning bucket_checks.sid, bucket_checks.look_class, bucket_checks.asked_at`,
    [new Date(nowMs), new Date(nowMs + leaseMs), limit],
  );
  return rows.map(({ sid, look_class, asked_at }) => ({
    sid,
    lookClass: asked_at === null ? (look_class ?? 'unvouched') : 'asked',
  }));
}

/** Ends a turn: what was asked for by then is done, and the next turn comes when the next look is due. */
export async function endTurn(db: Queryable, sid: string, lookedMs: UnixMs): Promise<void> {
  const isDone = `(bucket_checks.asked_at is null or bucket_checks.asked_at <= $2)`;
  const values = [sid, new Date(lookedMs)];
  await db.query(`delete from bucket_checks where bucket_checks.sid = $1 and due_at is null and ${isDone}`, values);
  await db.query(
    `update bucket_checks set
       asked_at = case when ${isDone} then null else bucket_checks.asked_at end,
       turn_at = case when ${isDone} then bucket_checks.due_at else bucket_checks.asked_at end
     where bucket_checks.sid = $1`,
    values,
  );
}

/** Of a session that is not there any more, or that no bucket fits. */
export async function dropTurn(db: Queryable, sid: string): Promise<void> {
  await db.query(`delete from bucket_checks where bucket_checks.sid = $1`, [sid]);
}

/** Puts a turn off that could not be used. */
export async function putOffTurn(db: Queryable, sid: string, untilMs: UnixMs): Promise<void> {
  await db.query(`update bucket_checks set turn_at = $2 where bucket_checks.sid = $1`, [sid, new Date(untilMs)]);
}
