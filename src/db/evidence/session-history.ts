import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';
import type { Observation } from '../../evidence/observation.js';
import type { AskedRun, SentNotice } from '../../sessions/views/timeline.js';
import type { Queryable } from '../connection/database.js';
import { decodeNoticeRow, type RawNoticeRow } from './notice-rows.js';
import { OBSERVATION_COLUMNS, toObservation, type ObservationRow } from './observations.js';

export type StoredRun = AskedRun & { id: string };

/** The fields of a session's notices and observations that decide their order. */
export type HistoryOrder = { notices: readonly SentNotice[]; runs: readonly StoredRun[] };

/** How many rows are read at a time, so that other work runs in between. */
const ROWS = 5_000;

export async function readHistoryOrder(db: Queryable, sid: string): Promise<HistoryOrder> {
  return { notices: await readSent(db, sid), runs: await readRuns(db, sid) };
}

/**
 * A value that changes with every new latest notice or observation of a session. Evidence that came late, and
 * so is not the latest, changes the session's facts instead.
 */
export async function readHistoryFingerprint(db: Queryable, sid: string): Promise<string> {
  const { rows } = await db.query<{ fingerprint: string }>(
    `select concat_ws(' ',
       (select notices.received_at || ' ' || notices.event_key from notices where notices.sid = $1
        order by notices.received_at desc, notices.event_key desc limit 1),
       (select observations.id from observations where observations.sid = $1
        order by observations.asked_at desc, observations.id desc limit 1)
     ) as fingerprint`,
    [sid],
  );
  return rows[0]?.fingerprint ?? '';
}

/** Times are read as numbers, because converting dates would be most of the work for so many rows. */
type SentRow = {
  event_key: string;
  received_ms: number;
  occurred_ms: number;
  uid: string | null;
  service_type: number | null;
  sequence: string | null;
};

const asMs = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

async function readSent(db: Queryable, sid: string): Promise<SentNotice[]> {
  const all: SentNotice[] = [];
  let after: readonly [Date, string] = [new Date(0), '00000000-0000-0000-0000-000000000000'];
  for (;;) {
    const { rows } = await db.query<SentRow>(
      `select notices.event_key, ${asMs('notices.received_at')} as received_ms,
              ${asMs('notices.occurred_at')} as occurred_ms, notices.uid, notices.service_type, notices.sequence
       from notices where notices.sid = $1 and (notices.received_at, notices.event_key) > ($2, $3)
       order by notices.received_at, notices.event_key limit $4`,
      [sid, ...after, ROWS],
    );
    all.push(...rows.map(toSent));
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS) return all;
    after = [new Date(Math.round(last.received_ms)), last.event_key];
  }
}

function toSent(row: SentRow): SentNotice {
  return {
    eventKey: row.event_key.replaceAll('-', ''),
    uid: row.uid,
    serviceType: row.service_type,
    sequence: row.sequence === null ? null : Number(row.sequence),
    occurredMs: unixMs(Math.round(row.occurred_ms)),
    receivedMs: unixMs(Math.round(row.received_ms)),
  };
}

async function readRuns(db: Queryable, sid: string): Promise<StoredRun[]> {
  const { rows } = await db.query<{ id: string; asked_at: Date }>(
    `select observations.id, observations.asked_at from observations
     where observations.sid = $1 order by observations.asked_at, observations.id`,
    [sid],
  );
  return rows.map(({ id, asked_at }) => ({ id, askedMs: unixMs(asked_at.getTime()) }));
}

/** These notices of a session, by their keys. Those that today's decoder cannot read are left out. */
export async function loadNoticesBy(
  db: Queryable,
  sid: string,
  sent: readonly Pick<SentNotice, 'eventKey' | 'receivedMs'>[],
): Promise<ReadonlyMap<string, Notice>> {
  const { rows } = await db.query<RawNoticeRow>(
    `select notices.sid, notices.app_id, notices.event_key, notices.received_at, notices.raw
     from unnest($2::timestamptz[], $3::uuid[]) as wanted (received_at, event_key)
     join notices on notices.sid = $1 and notices.received_at = wanted.received_at
       and notices.event_key = wanted.event_key`,
    [sid, sent.map(({ receivedMs }) => new Date(receivedMs)), sent.map(({ eventKey }) => eventKey)],
  );
  const notices = rows.map(decodeNoticeRow).filter((notice) => notice !== null);
  return new Map(notices.map((notice) => [notice.eventKey, notice]));
}

/** How often each of these was delivered, for those that came more than once. */
export async function countRepeats(
  db: Queryable,
  sid: string,
  eventKeys: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ event_key: string; deliveries: number }>(
    `select repeated_deliveries.event_key, 1 + count(*)::int as deliveries from repeated_deliveries
     where repeated_deliveries.sid = $1 and repeated_deliveries.event_key = any($2::uuid[]) group by 1`,
    [sid, eventKeys],
  );
  return new Map(rows.map((row) => [row.event_key.replaceAll('-', ''), row.deliveries]));
}

export async function loadRunsBy(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, Observation>> {
  const { rows } = await db.query<ObservationRow>(
    `select ${OBSERVATION_COLUMNS} from observations where observations.id = any($1::bigint[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, toObservation(row)]));
}

export type RunPosition = { askedMs: UnixMs; id: string };

/** A page of observations, oldest first, each with its position. */
export async function listObservations(
  db: Queryable,
  sid: string,
  after: RunPosition | null,
  limit: number,
): Promise<readonly { position: RunPosition; observation: Observation }[]> {
  const { rows } = await db.query<ObservationRow>(
    `select ${OBSERVATION_COLUMNS} from observations
     where observations.sid = $1 and ($2::timestamptz is null or (observations.asked_at, observations.id) > ($2, $3::bigint))
     order by observations.asked_at, observations.id limit $4`,
    [sid, after === null ? null : new Date(after.askedMs), after?.id ?? null, limit],
  );
  return rows.map((row) => {
    const observation = toObservation(row);
    return { position: { askedMs: observation.askedMs, id: row.id }, observation };
  });
}

/** The notices of these types, in the order of receipt, `most` of them at most. */
export async function loadNoticesOfTypes(
  db: Queryable,
  sid: string,
  eventTypes: readonly number[],
  most: number,
): Promise<readonly Notice[]> {
  const { rows } = await db.query<RawNoticeRow>(
    `select notices.sid, notices.app_id, notices.event_key, notices.received_at, notices.raw
     from notices where notices.sid = $1 and notices.event_type = any($2::int[])
     order by notices.received_at, notices.event_key limit $3`,
    [sid, eventTypes, most],
  );
  return rows.map(decodeNoticeRow).filter((notice) => notice !== null);
}
