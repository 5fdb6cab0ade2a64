import { z } from 'zod';
import { findDelivery, listDeliveries } from '../../src/db/evidence/deliveries.js';
import { readDeliveryQuality } from '../../src/db/evidence/delivery-quality.js';
import { listQuarantined } from '../../src/db/evidence/quarantine.js';
import { listObservations } from '../../src/db/evidence/session-history.js';
import { noticeKeyOf } from '../../src/agora/parse-notification.js';
import type { Db } from '../../src/db/connection/database.js';
import { findVersionAt, listChanges, listVersions } from '../../src/db/sessions/changes.js';
import { readLastCursor } from '../../src/db/sessions/feed.js';
import { countSessions, listSessions, type SessionPosition } from '../../src/db/sessions/list-sessions.js';
import { readSummary } from '../../src/db/sessions/read-summary.js';
import { listFiles } from '../../src/db/sessions/session-files.js';
import { loadSessions } from '../../src/db/sessions/sessions.js';
import { readUsage } from '../../src/db/schedule/query-usage.js';
import { DAY_MS, unixMs } from '../../src/evidence/instant.js';
import type { ServedContext } from '../../src/http/api/api-context.js';
import { readFilters, sessionFilters, writePosition } from '../../src/http/api/session-filters.js';
import { writeCursor } from '../../src/http/api/parse-request.js';
import { createTimelinePages } from '../../src/http/api/timeline-pages.js';
import { APPS, DAYS, selfOf, sidOf } from './copies.js';
import { LONG_SID } from './fill.js';
import { SCOPE } from './session-rows.js';

/** An answer of the service that is measured: where to ask, several for one read, and the statements behind it. */
export type Read = { name: string; paths: readonly string[]; statements: (db: Db) => Promise<unknown> };

/** So many different sessions are asked for, one after the other. */
const SIDS = 50;
const PAGE = 100;

export async function allReads(db: Db, sessions: number, nowMs: number): Promise<Read[]> {
  const place = deepPlace(nowMs);
  return [
    ...FILTERS(sessions, nowMs).flatMap((query) => listReads(query, place, nowMs)),
    ...sessionReads(sessions, nowMs),
    ...(await otherReads(db, nowMs)),
  ];
}

/** Every filter, with values that are usual and some that are rare. */
const FILTERS = (sessions: number, nowMs: number): readonly string[] => {
  const { sid, cname, uid } = selfOf(Math.floor(sessions / 2), sessions, nowMs);
  const days = (ago: number): string => new Date(nowMs - ago * DAY_MS).toISOString();
  return [
    '',
    `appId=${APPS[0] ?? ''}`,
    `appId=${APPS.at(-1) ?? ''}`,
    'state=recording,stopping',
    'state=ended',
    'outcome=vanished',
    'outcome=never_started',
    'certainty=reported',
    'certainty=confirmed',
    'mode=web',
    'upload=uploaded',
    'upload=stranded',
    'finding=exit_notice_lost',
    'finding=no_resource_id',
    'serviceStatus=5',
    `uid=${uid}`,
    `resourceId=resource-of-${sid}`,
    `cname=${cname}`,
    `q=${cname.slice(0, 7)}`,
    `q=${sid.slice(0, 5)}`,
    'hasGaps=true',
    'hasGaps=false',
    'queryable=true',
    'queryable=false',
    `startedFrom=${days(10)}&startedTo=${days(9)}`,
    `endedFrom=${days(20)}&endedTo=${days(19)}`,
    `updatedAfter=${days(0.1)}`,
    `updatedAfter=${days(25)}`,
    `appId=${APPS[3] ?? ''}&state=failed`,
    `appId=${APPS.at(-1) ?? ''}&outcome=vanished&startedFrom=${days(8)}`,
  ];
};

type DeepPlace = { newest: SessionPosition; updated: SessionPosition };

function deepPlace(nowMs: number): DeepPlace {
  const atMs = unixMs(Math.floor(nowMs - DAYS * 0.6 * DAY_MS));
  return { newest: { of: 'created', atMs, sid: sidOf(0) }, updated: { of: 'updated', atMs, sid: sidOf(0) } };
}

function listReads(query: string, deep: DeepPlace, nowMs: number): Read[] {
  const given = Object.fromEntries(new URLSearchParams(query));
  const context = { now: () => unixMs(nowMs), configuredApps: APPS } as unknown as ServedContext;
  const filters = readFilters(z.object(sessionFilters).parse(given), context);
  const pages = [
    { name: '', order: 'newest', after: null, more: '' },
    { name: ', deep', order: 'newest', after: deep.newest, more: `&cursor=${writePosition(deep.newest)}` },
    { name: ', oldest', order: 'oldest', after: null, more: '&order=oldest' },
    { name: ', updated', order: 'updated', after: null, more: '&order=updated' },
    {
      name: ', updated, deep',
      order: 'updated',
      after: deep.updated,
      more: `&order=updated&cursor=${writePosition(deep.updated)}`,
    },
  ] as const;
  const what = query.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '…').replaceAll(/[0-9a-f]{32}/g, '…');
  const path = (more: string): string => `/v1/sessions?limit=${String(PAGE)}&${encodeURI(query)}${more}`;
  return [
    ...pages.map(({ name, order, after, more }) => ({
      name: `sessions?${what}${name}`,
      paths: [path(more)],
      statements: ({ pool }: Db) => listSessions(pool, filters, { limit: PAGE, order, after }),
    })),
    {
      name: `sessions?${what}, count`,
      paths: [path('&count=true').replace(`limit=${String(PAGE)}`, 'limit=1')],
      statements: ({ pool }: Db) => countSessions(pool, filters),
    },
  ];
}

function sessionReads(sessions: number, nowMs: number): Read[] {
  const sids = Array.from({ length: SIDS }, (_, n) => sidOf(Math.floor((sessions * (n + 0.5)) / SIDS)));
  const sid = sids[0] ?? '';
  const of = (what: string): string[] => sids.map((one) => `/v1/sessions/${one}${what}`);
  const asOfMs = unixMs(nowMs - 60_000);
  const long = `/v1/sessions/${LONG_SID}`;
  const deepIn = Array.from({ length: SIDS }, (_, n) => writeCursor({ from: n * 390 }));
  const history = { sid: LONG_SID, folded: '', inferred: [] };
  const loaded = ({ pool }: Db): Promise<unknown> => loadSessions(pool, [sid]);
  return [
    { name: 'one session', paths: of(''), statements: loaded },
    {
      name: 'one session, asOf',
      paths: of(`?asOf=${new Date(asOfMs).toISOString()}`),
      statements: ({ pool }) => findVersionAt(pool, sid, asOfMs),
    },
    { name: 'versions', paths: of('/versions'), statements: ({ pool }) => listVersions(pool, sid, null, PAGE) },
    { name: 'explain', paths: of('/explain'), statements: loaded },
    { name: 'gaps', paths: of('/gaps'), statements: loaded },
    { name: 'timeline', paths: of('/timeline'), statements: timelineOf(sid) },
    { name: 'timeline of 20,000, first page', paths: [`${long}/timeline`], statements: timelineOf(LONG_SID) },
    {
      name: 'timeline of 20,000, any page',
      paths: deepIn.map((cursor) => `${long}/timeline?cursor=${cursor}`),
      statements: (db) => createTimelinePages(db)(history, 10_000, PAGE),
    },
    { name: 'files', paths: of('/files'), statements: ({ pool }) => listFiles(pool, sid, '', PAGE) },
    {
      name: 'files of 20,000',
      paths: [`${long}/files`],
      statements: ({ pool }) => listFiles(pool, LONG_SID, 'b', PAGE),
    },
    { name: 'streams', paths: of('/streams'), statements: loaded },
    {
      name: 'observations',
      paths: of('/observations'),
      statements: ({ pool }) => listObservations(pool, sid, null, PAGE),
    },
    {
      name: 'notices',
      paths: of('/notices'),
      statements: ({ pool }) => listDeliveries(pool, sid, null, { evidence: PAGE, bytes: 4_194_304 }),
    },
  ];
}

function timelineOf(sid: string): Read['statements'] {
  return (db) => createTimelinePages(db)({ sid, folded: '', inferred: [] }, 0, PAGE);
}

async function otherReads(db: Db, nowMs: number): Promise<Read[]> {
  const { rows } = await db.pool.query<{ id: string }>(
    `select notice_id as id from notices where sid = any($1::text[]) and notice_id is not null limit ${String(SIDS)}`,
    [Array.from({ length: SIDS }, (_, n) => sidOf(n * 7))],
  );
  const ids = rows.map(({ id }) => id);
  const last = await readLastCursor(db.pool);
  const afters = Array.from({ length: SIDS }, (_, n) => String((last * BigInt(n)) / BigInt(SIDS)));
  const toMs = unixMs(Math.floor(nowMs / DAY_MS + 1) * DAY_MS);
  const month = { fromMs: unixMs(toMs - DAYS * DAY_MS), toMs };
  const queryUsage = { ...month, account: null };
  return [
    {
      name: 'one notice by its id',
      paths: ids.map((id) => `/v1/notices/${encodeURIComponent(id)}`),
      statements: ({ pool }) => findDelivery(pool, [noticeKeyOf(SCOPE, ids[0] ?? '')]),
    },
    {
      name: 'quarantine',
      paths: ['/v1/quarantine'],
      statements: ({ pool }) => listQuarantined(pool, null, PAGE, false),
    },
    {
      name: 'changes, anywhere',
      paths: afters.map((after) => `/v1/changes?after=${after}`),
      statements: ({ pool }) => listChanges(pool, afters[9] ?? '0', PAGE),
    },
    {
      name: 'changes, at the end',
      paths: [`/v1/changes?after=${String(last)}`],
      statements: ({ pool }) => listChanges(pool, String(last), PAGE),
    },
    { name: 'summary', paths: ['/v1/summary'], statements: (one) => readSummary(one, unixMs(nowMs)) },
    { name: 'metrics', paths: ['/metrics'], statements: () => Promise.resolve() },
    {
      name: 'delivery quality of a month',
      paths: ['/v1/delivery-quality'],
      statements: ({ pool }) => readDeliveryQuality(pool, { ...month, appId: null }),
    },
    {
      name: 'query usage of a month',
      paths: ['/v1/query-usage'],
      statements: ({ pool }) => readUsage(pool, queryUsage),
    },
  ];
}
