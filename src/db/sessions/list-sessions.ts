import type { UnixMs } from '../../evidence/instant.js';
import type { Queryable } from '../connection/database.js';
import { toPublished, type PublishedRow, type PublishedSession } from './read-sessions.js';
import { addCondition, conditionsOf, type Conditions, type SessionFilters } from './session-conditions.js';

export const SESSION_ORDERS = ['newest', 'oldest', 'updated'] as const;
/** By when the ledger first heard of them, either way, or those with the newest version first. */
export type SessionOrder = (typeof SESSION_ORDERS)[number];

/** Where a page ended: at a session, or in the change feed. */
export type SessionPosition = { of: 'sessions'; createdMs: UnixMs; sid: string } | { of: 'changes'; cursor: string };

export type SessionPage = { limit: number; order: SessionOrder; after: SessionPosition | null };

type ListedSession = PublishedSession & { position: SessionPosition };

type Row = { session: PublishedRow['session']; version: number; created_at: Date; updated_at: Date; cursor?: string };

/** A page of the sessions that fit. It begins after a position, not after a number: rows that come or go move nothing. */
export async function listSessions(
  db: Queryable,
  filters: SessionFilters,
  page: SessionPage,
): Promise<ListedSession[]> {
  const { text, values } = listStatement(filters, page);
  const { rows } = await db.query<Row>(text, values);
  return rows.map(({ session, version, created_at, updated_at, cursor }) => {
    const published = toPublished({ session, version, createdAt: created_at, updatedAt: updated_at });
    return { ...published, position: positionOf(published, cursor) };
  });
}

function positionOf({ session, createdMs }: PublishedSession, cursor: string | undefined): SessionPosition {
  if (cursor !== undefined) return { of: 'changes', cursor };
  return { of: 'sessions', createdMs, sid: session.sid };
}

/** The statement of a page: benchmarks look at its plan. */
export function listStatement(filters: SessionFilters, { limit, order, after }: SessionPage): Statement {
  const conditions = conditionsOf(filters);
  if (after !== null) addPosition(conditions, order, after);
  const { from, by } = ORDERS[order];
  const text = `${from} ${whereOf(conditions)} order by ${by} limit ${String(limit)}`;
  return { text, values: conditions.values };
}

type Statement = { text: string; values: unknown[] };

const COLUMNS = 'sessions.session, sessions.version, sessions.created_at, sessions.updated_at';

/**
 * The newest version of each session stands once in the change feed, in the order of the versions. An index of
 * `updated_at` would give the same order, and would be written to by every version.
 */
const ORDERS: Record<SessionOrder, { from: string; by: string }> = {
  newest: { from: `select ${COLUMNS} from sessions`, by: 'sessions.created_at desc, sessions.sid desc' },
  oldest: { from: `select ${COLUMNS} from sessions`, by: 'sessions.created_at, sessions.sid' },
  updated: {
    from: `select ${COLUMNS}, changes.cursor::text from changes
       join sessions on sessions.sid = changes.sid and sessions.version = changes.version`,
    by: 'changes.cursor desc',
  },
};

function addPosition(conditions: Conditions, order: SessionOrder, after: SessionPosition): void {
  if (after.of === 'changes') {
    addCondition(conditions, 'changes.cursor < ?::bigint', after.cursor);
    return;
  }
  conditions.values.push(new Date(after.createdMs));
  const at = `$${String(conditions.values.length)}`;
  const beyond = order === 'oldest' ? '>' : '<';
  addCondition(conditions, `(sessions.created_at, sessions.sid) ${beyond} (${at}, ?)`, after.sid);
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
