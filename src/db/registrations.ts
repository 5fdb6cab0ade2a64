import type { Queryable } from './database.js';
import { unixMs } from '../evidence/instant.js';
import type { RecordingMode, Registration } from '../evidence/registration.js';

type RegistrationRow = {
  sid: string;
  app_id: string;
  resource_id: string;
  mode: RecordingMode;
  cname: string;
  uid: string;
  started_at: Date | null;
  resource_expired_hour: number | null;
  received_at: Date;
};

/** False when the session is registered already, with whatever content. */
export async function insertRegistration(
  db: Queryable,
  registration: Registration,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into registrations (
       sid, app_id, resource_id, mode, cname, uid, started_at, resource_expired_hour, received_at
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (sid) do nothing`,
    [
      registration.sid,
      registration.appId,
      registration.resourceId,
      registration.mode,
      registration.cname,
      registration.uid,
      registration.startedMs === null ? null : new Date(registration.startedMs),
      registration.resourceExpiredHour,
      new Date(registration.receivedMs),
    ],
  );
  return rowCount === 1;
}

export async function findRegistration(db: Queryable, sid: string): Promise<Registration | null> {
  return (await loadRegistrations(db, [sid]))[0] ?? null;
}

export async function loadRegistrations(
  db: Queryable,
  sids: readonly string[],
): Promise<Registration[]> {
  const { rows } = await db.query<RegistrationRow>(
    `select registrations.* from registrations where registrations.sid = any($1::text[])`,
    [sids],
  );
  return rows.map(toRegistration);
}

function toRegistration(row: RegistrationRow): Registration {
  return {
    kind: 'registration',
    sid: row.sid,
    appId: row.app_id,
    resourceId: row.resource_id,
    mode: row.mode,
    cname: row.cname,
    uid: row.uid,
    startedMs: row.started_at === null ? null : unixMs(row.started_at.getTime()),
    resourceExpiredHour: row.resource_expired_hour,
    receivedMs: unixMs(row.received_at.getTime()),
  };
}
