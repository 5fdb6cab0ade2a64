import type pg from 'pg';
import type { UnixMs } from '../../evidence/instant.js';

/*
 * What is taken out of the ledger row by row, of any size. The server keeps the place in one snapshot, so that
 * nothing is there twice and nothing is left out, whatever goes on meanwhile.
 */

export const EXPORTED = ['sessions', 'timeline', 'notices'] as const;
export type Exported = (typeof EXPORTED)[number];

export type ExportColumn = { name: string; type: 'text' | 'integer' | 'number' | 'boolean' | 'time' | 'json' };
export type ExportRow = Readonly<Record<string, unknown>>;

type Export = {
  /** Of the answer, in its order. */
  columns: readonly ExportColumn[];
  /** Rows from `$1` on and before `$2`. */
  select: string;
  from: string;
  /** So many rows are in memory at a time: bodies may be large. */
  atOnce: number;
};

const text = (name: string): ExportColumn => ({ name, type: 'text' });
const integer = (name: string): ExportColumn => ({ name, type: 'integer' });
const time = (name: string): ExportColumn => ({ name, type: 'time' });
const json = (name: string): ExportColumn => ({ name, type: 'json' });

/** Named as the API names them; those of a registration are what `import` reads. */
const EXPORTS: Readonly<Record<Exported, Export>> = {
  sessions: {
    columns: [
      ...['sid', 'appId', 'resourceId', 'mode', 'cname', 'uid'].map(text),
      time('registeredStartedAt'),
      integer('resourceExpiredHour'),
      ...['state', 'outcome', 'certainty'].map(text),
      time('startedAt'),
      text('startSource'),
      ...['endedAt', 'endedNotBefore', 'endedNotAfter', 'endKnownAt'].map(time),
      ...['decidedBy', 'uploadState'].map(text),
      ...['serviceStatus', 'failovers', 'events', 'deliveries', 'gapsOpen', 'gapsSettled'].map(integer),
      ...['recorderUids', 'findingCodes'].map(json),
      integer('version'),
      time('updatedAt'),
    ],
    select: `s.sid, s.app_id as "appId", s.resource_id as "resourceId", s.mode, s.cname, s.uid,
      coalesce(revised.started_at, first.started_at) as "registeredStartedAt",
      coalesce(revised.resource_expired_hour, first.resource_expired_hour) as "resourceExpiredHour",
      s.state, s.outcome, s.certainty, s.started_at as "startedAt", s.start_source as "startSource",
      s.ended_at as "endedAt", s.ended_not_before as "endedNotBefore", s.ended_not_after as "endedNotAfter",
      s.end_known_at as "endKnownAt", s.decided_by as "decidedBy", s.upload_state as "uploadState",
      s.service_status as "serviceStatus", s.failovers, s.notice_events as events,
      s.notice_deliveries as deliveries, s.gaps_open as "gapsOpen", s.gaps_settled as "gapsSettled",
      s.recorder_uids as "recorderUids", s.finding_codes as "findingCodes", s.version, s.updated_at as "updatedAt"`,
    from: `reporting.sessions as s left join registrations as first on first.sid = s.sid
      left join lateral (
        select revisions.started_at, revisions.resource_expired_hour from registration_revisions as revisions
        where revisions.sid = s.sid order by revisions.received_at desc limit 1
      ) as revised on true
      where (s.started_at >= $1 and s.started_at < $2)
         or (s.started_at is null and s.first_heard_at >= $1 and s.first_heard_at < $2)`,
    atOnce: 2_000,
  },
  timeline: {
    columns: [
      text('sid'),
      time('at'),
      ...['source', 'kind'].map(text),
      ...['eventType', 'sequence', 'serviceType'].map(integer),
      text('uid'),
      json('details'),
      time('receivedAt'),
      integer('deliveries'),
    ],
    select: `t.sid, t.at, t.source, t.kind, t.event_type as "eventType", t.sequence, t.service_type as "serviceType",
      t.uid, t.details, t.received_at as "receivedAt", t.deliveries`,
    from: `reporting.timeline as t where t.received_at >= $1 and t.received_at < $2`,
    atOnce: 1_000,
  },
  notices: {
    columns: [
      ...['appId', 'sid'].map(text),
      time('receivedAt'),
      text('noticeId'),
      integer('eventType'),
      json('again'),
      text('raw'),
    ],
    select: `n.app_id as "appId", n.sid, n.received_at as "receivedAt", n.notice_id as "noticeId",
      n.event_type as "eventType",
      (select jsonb_agg(jsonb_build_object(
                'receivedAt', to_char(d.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                'noticeId', d.notice_id) order by d.received_at)
       from repeated_deliveries as d where d.sid = n.sid and d.event_key = n.event_key) as again,
      n.raw`,
    from: `notices as n where n.received_at >= $1 and n.received_at < $2`,
    atOnce: 200,
  },
};

export function exportColumns(what: Exported): readonly ExportColumn[] {
  return EXPORTS[what].columns;
}

export type ExportPeriod = { fromMs: UnixMs; toMs: UnixMs };

export async function countExported(client: pg.ClientBase, what: Exported, period: ExportPeriod): Promise<number> {
  const { rows } = await client.query<{ rows: string }>(
    `select count(*) as rows from ${EXPORTS[what].from}`,
    boundsOf(period),
  );
  return Number(rows[0]?.rows ?? 0);
}

/** The rows of a period, some at a time, in no order. The connection is the caller's, and used for nothing else. */
export async function* exportRows(
  client: pg.ClientBase,
  what: Exported,
  period: ExportPeriod,
): AsyncGenerator<readonly ExportRow[]> {
  const { select, from, atOnce } = EXPORTS[what];
  await client.query('begin transaction isolation level repeatable read read only');
  try {
    // Whoever takes the rows may be slow, and this transaction waits for nothing else.
    await client.query('set local idle_in_transaction_session_timeout = 0');
    await client.query(`declare exported no scroll cursor for select ${select} from ${from}`, boundsOf(period));
    for (;;) {
      const { rows } = await client.query<ExportRow>(`fetch ${String(atOnce)} from exported`);
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    await client.query('rollback').catch(() => undefined); // the connection may be what broke
  }
}

function boundsOf({ fromMs, toMs }: ExportPeriod): Date[] {
  return [new Date(fromMs), new Date(toMs)];
}
