import type { UnixMs } from '../evidence/instant.js';
import type { Db } from './database.js';

/**
 * Open, registered sessions of these apps that have no next query. There are none unless an app was
 * configured after its sessions were folded. Bounded: the rest is found the next time.
 */
export async function findUnscheduled(
  db: Db,
  appIds: readonly string[],
  nowMs: UnixMs,
): Promise<string[]> {
  const { rows } = await db.pool.query<{ sid: string }>(
    `select sessions.sid from sessions
     join registrations on registrations.sid = sessions.sid
     where sessions.state in ('registered', 'starting', 'recording', 'stopping')
       and registrations.app_id = any($1::text[])
       and (sessions.session ->> 'queryableUntilMs')::bigint > $2
       and not exists (select from query_schedule where query_schedule.sid = sessions.sid)
     limit 500`,
    [appIds, nowMs],
  );
  return rows.map(({ sid }) => sid);
}
