import type { UnixMs } from '../../evidence/instant.js';
import type { Db } from '../connection/database.js';

const PAGE = 500;

/**
 * A page, ordered by sid and after `afterSid`, of sessions that were folded while their app was not
 * configured: those with the finding that says so, and open, queryable ones without a next query.
 */
export async function findUnscheduled(
  db: Db,
  appIds: readonly string[],
  nowMs: UnixMs,
  afterSid: string,
): Promise<string[]> {
  const { rows } = await db.pool.query<{ sid: string }>(
    `select sessions.sid from sessions
     where sessions.app_id = any($1::text[]) and sessions.sid > $3 and sessions.not_configured
     union
     select sessions.sid from sessions
     where sessions.app_id = any($1::text[]) and sessions.sid > $3
       and sessions.state in ('registered', 'starting', 'recording', 'stopping')
       and (sessions.session ->> 'queryableUntilMs')::bigint > $2
       and not exists (select from query_schedule where query_schedule.sid = sessions.sid)
     order by sid limit $4`,
    [appIds, nowMs, afterSid, PAGE],
  );
  return rows.map(({ sid }) => sid);
}
