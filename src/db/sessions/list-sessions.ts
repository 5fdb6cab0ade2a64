import type { UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import { toPublished, type PublishedRow, type PublishedSession } from './read-sessions.js';
import {
  addCondition,
  conditionsOf,
  findOtherApps,
  notQueryableParts,
  type Conditions,
  type SessionFilters,
} from './session-conditions.js';

export const SESSION_ORDERS = ['newest', 'oldest', 'updated'] as const;
/** By when the ledger first heard of them, either way, or those with the newest version first. */
export type SessionOrder = (typeof SESSION_ORDERS)[number];

/** Where a page ended: at a session, by when it was first heard of or by when its version was made. */
export type SessionPosition = { of: 'created' | 'updated'; atMs: UnixMs; sid: string };

export type SessionPage = { limit: number; order: SessionOrder; after: SessionPosition | null };

type ListedSession = PublishedSession & { position: SessionPosition };

type Row = { session: PublishedRow['session']; version: number; created_at: Date; updated_at: Date };

/** A page of the sessions that fit. It begins after a position, not after a number: rows that come or go move nothing. */
export async function listSessions(
  db: Queryable,
  filters: SessionFilters,
  page: SessionPage,
): Promise<ListedSession[]> {
  const { queryable } = filters;
  const others = queryable?.wanted === false ? await findOtherApps(db, queryable.apps) : [];
  const { text, values } = listStatement(filters, page, others);
  const { rows } = await db.query<Row>(text, values);
  return rows.map(({ session, version, created_at, updated_at }) => {
    const published = toPublished({ session, version, createdAt: created_at, updatedAt: updated_at });
    return { ...published, position: positionOf(published, page.order) };
  });
}

function positionOf(
  { session: { sid }, createdMs, updatedMs }: PublishedSession,
  order: SessionOrder,
): SessionPosition {
  return order === 'updated' ? { of: 'updated', atMs: updatedMs, sid } : { of: 'created', atMs: createdMs, sid };
}

/** The statement of a page. `others`: where it is asked for what is not queryable, the apps that are not configured. */
export function listStatement(
  filters: SessionFilters,
  { limit, order, after }: SessionPage,
  others: readonly string[] = [],
): Statement {
  const { by, beyond } = ORDERS[order];
  const { queryable, ...rest } = filters;
  const isSplit = queryable?.wanted === false;
  const conditions = conditionsOf(isSplit ? rest : filters);
  if (after !== null) addPosition(conditions, `(sessions.${columnOf(order)}, sessions.sid) ${beyond}`, after);
  const ending = `order by ${by} limit ${String(limit)}`;
  const parts = isSplit ? notQueryableParts(conditions, queryable.nowMs, others) : [];
  const text =
    isSplit || (order !== 'updated' && hasPeriod(filters))
      ? sidsFirst(conditions, parts, order, ending)
      : `select ${COLUMNS} from sessions ${whereOf(conditions.texts)} ${ending}`;
  return { text, values: conditions.values };
}

function hasPeriod({ startedFromMs, startedToMs, endedFromMs, endedToMs }: SessionFilters): boolean {
  return [startedFromMs, startedToMs, endedFromMs, endedToMs].some((bound) => bound !== undefined);
}

type Statement = { text: string; values: unknown[] };

const COLUMNS = 'sessions.session, sessions.version, sessions.created_at, sessions.updated_at';

type Order = { by: string; beyond: '<' | '>' };

const ORDERS: Record<SessionOrder, Order> = {
  newest: { by: 'sessions.created_at desc, sessions.sid desc', beyond: '<' },
  oldest: { by: 'sessions.created_at, sessions.sid', beyond: '>' },
  updated: { by: 'sessions.updated_at desc, sessions.sid desc', beyond: '<' },
};

function columnOf(order: SessionOrder): 'created_at' | 'updated_at' {
  return order === 'updated' ? 'updated_at' : 'created_at';
}

function addPosition(conditions: Conditions, isBeyond: string, { atMs, sid }: SessionPosition): void {
  conditions.values.push(new Date(atMs));
  addCondition(conditions, `${isBeyond} ($${String(conditions.values.length)}, ?)`, sid);
}

/**
 * The sids of the page are found in an index alone, and of the rows only those of the page are read: for conditions of
 * which an index holds what decides, and that many fit who are not on the page. Where there are parts, which exclude
 * each other, each is read in its own order and stops at the end of the page.
 */
function sidsFirst({ texts }: Conditions, parts: readonly string[], order: SessionOrder, ending: string): string {
  const pageOf = (conditions: readonly string[]): string =>
    `select sessions.sid, sessions.${columnOf(order)} from sessions ${whereOf(conditions)} ${ending}`;
  const pages = parts.map((part) => `(${pageOf([...texts, part])})`).join(' union all ');
  const page = parts.length === 0 ? pageOf(texts) : `select sessions.sid from (${pages}) as sessions ${ending}`;
  return `select ${COLUMNS} from (${page}) as page join sessions on sessions.sid = page.sid ${ending}`;
}

function whereOf(texts: readonly string[]): string {
  return texts.length === 0 ? '' : `where ${texts.join(' and ')}`;
}

/** Up to here sessions are counted one by one. */
const COUNTED = 10_000;

/** How many fit; beyond 10,000 what Postgres expects by its statistics, and `exact` is false. */
export async function countSessions(
  db: Queryable,
  filters: SessionFilters,
): Promise<{ value: number; exact: boolean }> {
  const conditions = conditionsOf(filters);
  const all = `from sessions ${whereOf(conditions.texts)}`;
  const counted = await db.query<{ count: number }>(
    `select count(*)::int as count from (select ${all} limit ${String(COUNTED + 1)}) as fitting`,
    conditions.values,
  );
  const value = counted.rows[0]?.count ?? 0;
  if (value <= COUNTED) return { value, exact: true };
  const planned = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `explain (format json) select ${all}`,
    conditions.values,
  );
  const expected = planned.rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? value;
  return { value: Math.max(value, expected), exact: false };
}
