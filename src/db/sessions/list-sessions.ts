import type { UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import { toPublished, type PublishedRow, type PublishedSession } from './read-sessions.js';
import { addCondition, conditionsOf, type Conditions, type SessionFilters } from './session-conditions.js';

export const SESSION_ORDERS = ['newest', 'oldest', 'updated'] as const;
/** By when the ledger first heard of them, either way, or those with the newest version first. */
export type SessionOrder = (typeof SESSION_ORDERS)[number];

/** Where a page ended: the time that its order goes by, and the sid. */
export type SessionPosition = { atMs: UnixMs; sid: string };

export type SessionPage = { limit: number; order: SessionOrder; after: SessionPosition | null };

const ORDERS: Record<SessionOrder, { column: string; direction: 'asc' | 'desc'; beyond: '<' | '>' }> = {
  newest: { column: 'created_at', direction: 'desc', beyond: '<' },
  oldest: { column: 'created_at', direction: 'asc', beyond: '>' },
  updated: { column: 'updated_at', direction: 'desc', beyond: '<' },
};

type Row = { session: PublishedRow['session']; version: number; created_at: Date; updated_at: Date };

/** A page of the sessions that fit. It begins after a place, not after a number: rows that come or go move nothing. */
export async function listSessions(
  db: Queryable,
  filters: SessionFilters,
  page: SessionPage,
): Promise<PublishedSession[]> {
  const { text, values } = listStatement(filters, page);
  const { rows } = await db.query<Row>(text, values);
  return rows.map(({ session, version, created_at, updated_at }) =>
    toPublished({ session, version, createdAt: created_at, updatedAt: updated_at }),
  );
}

/** The statement of a page: benchmarks look at its plan. */
export function listStatement(
  filters: SessionFilters,
  { limit, order, after }: SessionPage,
): { text: string; values: unknown[] } {
  const conditions = conditionsOf(filters);
  const { column, direction, beyond } = ORDERS[order];
  if (after !== null) addPlace(conditions, column, beyond, after);
  const text = `select sessions.session, sessions.version, sessions.created_at, sessions.updated_at
     from sessions ${whereOf(conditions)}
     order by sessions.${column} ${direction}, sessions.sid ${direction} limit ${String(limit)}`;
  return { text, values: conditions.values };
}

function addPlace(conditions: Conditions, column: string, beyond: '<' | '>', { atMs, sid }: SessionPosition): void {
  conditions.values.push(new Date(atMs));
  const at = `$${String(conditions.values.length)}`;
  addCondition(conditions, `(sessions.${column}, sessions.sid) ${beyond} (${at}, ?)`, sid);
}

function whereOf({ texts }: Conditions): string {
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
  const all = `from sessions ${whereOf(conditions)}`;
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
