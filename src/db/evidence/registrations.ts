import type { Queryable } from '../connection/database.js';
import { unixMs } from '../../evidence/instant.js';
import type { RecordingMode, Registration, StartCall } from '../../evidence/registration.js';
import { addRegistration, NO_REGISTRATIONS, registrationInForce } from '../../sessions/facts/registrations.js';

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
  replaces: boolean;
  start_call: StartCall | null;
};

const COLUMNS =
  'sid, app_id, resource_id, mode, cname, uid, started_at, resource_expired_hour, received_at, start_call';

/** Stores a session's first registration, in the table that older releases read too. */
export async function insertRegistration(db: Queryable, registration: Registration): Promise<void> {
  await db.query(
    `insert into registrations (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    valuesOf(registration),
  );
}

/** Stores a later registration, which adds to the earlier ones or replaces them. */
export async function insertRevision(db: Queryable, registration: Registration): Promise<void> {
  await db.query(
    `insert into registration_revisions (${COLUMNS}, replaces)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [...valuesOf(registration), registration.replaces],
  );
}

function valuesOf(registration: Registration): unknown[] {
  return [
    registration.sid,
    registration.appId,
    registration.resourceId,
    registration.mode,
    registration.cname,
    registration.uid,
    registration.startedMs === null ? null : new Date(registration.startedMs),
    registration.resourceExpiredHour,
    new Date(registration.receivedMs),
    registration.startCall === undefined ? null : JSON.stringify(registration.startCall),
  ];
}

/** The registration in force, by which queries are asked. */
export async function findRegistration(db: Queryable, sid: string): Promise<Registration | null> {
  const told = await loadRegistrations(db, [sid]);
  return registrationInForce(told.reduce(addRegistration, NO_REGISTRATIONS));
}

/** All registrations of these sessions, in order of receipt. */
export async function loadRegistrations(db: Queryable, sids: readonly string[]): Promise<Registration[]> {
  const { rows } = await db.query<RegistrationRow>(
    `select registrations.sid, registrations.app_id, registrations.resource_id, registrations.mode,
            registrations.cname, registrations.uid, registrations.started_at,
            registrations.resource_expired_hour, registrations.received_at, registrations.start_call,
            false as replaces
     from registrations
     where registrations.sid = any($1::text[])
     union all
     select revisions.sid, revisions.app_id, revisions.resource_id, revisions.mode, revisions.cname,
            revisions.uid, revisions.started_at, revisions.resource_expired_hour,
            revisions.received_at, revisions.start_call,
            revisions.replaces
     from registration_revisions as revisions where revisions.sid = any($1::text[])
     order by received_at`,
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
    replaces: row.replaces,
    ...(row.start_call === null ? {} : { startCall: row.start_call }),
  };
}
