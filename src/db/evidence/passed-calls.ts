import { unixMs } from '../../evidence/instant.js';
import type { PassedCall, CallEvidence } from '../../evidence/passed-call.js';
import type { Queryable } from '../connection/database.js';

/** Notes that a call is recorded; false if it was before. Belongs into the transaction that records it. */
export async function notePassedCall(
  tx: Queryable,
  callId: string,
  method: string,
  told: Extract<CallEvidence, { sid: string }>,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into passed_calls (call_id, sid, method, uid, http_status, called_at, answered_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (call_id) do nothing`,
    [
      callId,
      told.sid,
      method,
      'uid' in told ? told.uid : null,
      told.httpStatus,
      new Date(told.calledMs),
      new Date(told.answeredMs),
    ],
  );
  return rowCount === 1;
}

/** Calls that the timeline shows; queries and stops are evidence of their own. */
export async function loadPassedCalls(db: Queryable, sids: readonly string[]): Promise<PassedCall[]> {
  const { rows } = await db.query<PassedCallRow>(
    `select passed_calls.sid, passed_calls.method, passed_calls.uid, passed_calls.http_status,
            passed_calls.called_at, passed_calls.answered_at
     from passed_calls
     where passed_calls.sid = any($1::text[]) and passed_calls.method in ('start', 'update', 'updateLayout')
     order by passed_calls.answered_at, passed_calls.call_id`,
    [sids],
  );
  return rows.map((row) => ({
    kind: 'passed_call',
    sid: row.sid,
    method: row.method,
    uid: row.uid,
    httpStatus: row.http_status,
    calledMs: unixMs(row.called_at.getTime()),
    receivedMs: unixMs(row.answered_at.getTime()),
  }));
}

type PassedCallRow = {
  sid: string;
  method: PassedCall['method'];
  uid: string | null;
  http_status: number;
  called_at: Date;
  answered_at: Date;
};

/** Notes what `acquire` told of a resource; returns the session that was started with it, if that is known. */
export async function noteAcquired(
  db: Queryable,
  { appId, resourceId, scene, resourceExpiredHour }: Extract<CallEvidence, { kind: 'acquired' }>,
): Promise<string | null> {
  const { rows } = await db.query<{ sid: string | null }>(
    `insert into acquired_resources as known (app_id, resource_id, scene, resource_expired_hour)
     values ($1, $2, $3, $4)
     on conflict (app_id, resource_id) do update
       set scene = excluded.scene, resource_expired_hour = excluded.resource_expired_hour
     returning known.sid`,
    [appId, resourceId, scene, resourceExpiredHour],
  );
  return rows[0]?.sid ?? null;
}

/** Notes which session was started with a resource; returns how long it can be asked about, if `acquire` told. */
export async function noteStartedWith(
  db: Queryable,
  { appId, resourceId, sid }: Extract<CallEvidence, { kind: 'started' }>,
): Promise<number | null> {
  const { rows } = await db.query<{ resource_expired_hour: number | null }>(
    `insert into acquired_resources as known (app_id, resource_id, sid) values ($1, $2, $3)
     on conflict (app_id, resource_id) do update set sid = excluded.sid
     returning known.resource_expired_hour`,
    [appId, resourceId, sid],
  );
  return rows[0]?.resource_expired_hour ?? null;
}

/** Drops what only guards against recording twice, and resources that no start can follow any more. */
export async function dropOldCalls(db: Queryable, olderThanDays: number): Promise<void> {
  const before = `clock_timestamp() - $1::float8 * interval '1 day'`;
  await db.query(
    `delete from passed_calls
     where passed_calls.recorded_at < ${before} and passed_calls.method in ('query', 'stop')`,
    [olderThanDays],
  );
  await db.query(`delete from acquired_resources where acquired_resources.known_at < ${before}`, [olderThanDays]);
}
