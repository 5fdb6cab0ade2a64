import type { UnixMs } from '../../evidence/instant.js';
import { SESSION_STATES, type SessionState } from '../../sessions/verdict/session.js';
import { readCounters } from './counters.js';
import type { Db } from '../connection/database.js';

/** Numbers for the status page, each from an index or from running totals. */
export type LedgerNumbers = {
  sessions: Record<SessionState, number>;
  gaps: { open: number; settledByNotice: number; settledByQuery: number };
  notices: {
    deliveries: number;
    events: number;
    duplicates: number;
    outOfOrder: number;
    quarantined: number;
    rejected: number;
  };
  live: LiveNumbers;
  queries: { lastMinute: number; throttled: number; outcomes: Record<string, number> };
};

/** Live, queryable sessions by how long ago they were last verified (or seen to start). */
export type LiveNumbers = {
  sessions: number;
  ages: { p50Ms: number; p95Ms: number; p99Ms: number; maxMs: number };
  /** How many there are to ask about, including ended ones that still need their last look. */
  askedByAccount: ReadonlyMap<string, number>;
  /** Sessions that are not over and cannot be queried. */
  notQueryable: number;
  /** How many were verified within the given bound. */
  withinBound: (boundMs: number) => Promise<number>;
};

export async function readSummary(db: Db, nowMs: UnixMs): Promise<LedgerNumbers> {
  const [sessions, counters, live, queries, gaps] = await Promise.all([
    countStates(db),
    readCounters(db),
    readLive(db, nowMs),
    readQueries(db, nowMs),
    countGaps(db),
  ]);
  const total = (name: string): number => counters.get(name) ?? 0;
  return {
    sessions,
    gaps,
    notices: {
      deliveries: total('deliveries'),
      events: total('events'),
      duplicates: total('deliveries') - total('events'),
      outOfOrder: total('out_of_order'),
      quarantined: total('quarantined'),
      rejected: total('rejected'),
    },
    live,
    queries,
  };
}

async function countStates(db: Db): Promise<Record<SessionState, number>> {
  const groups = await db.prisma.ledgerSession.groupBy({ by: ['state'], _count: true });
  const counted = new Map(groups.map(({ state, _count }) => [state, _count]));
  const counts = SESSION_STATES.map((state) => [state, counted.get(state) ?? 0] as const);
  return Object.fromEntries(counts) as Record<SessionState, number>;
}

type GapCounts = LedgerNumbers['gaps'];

async function countGaps(db: Db): Promise<GapCounts> {
  const { rows } = await db.pool.query<GapCounts>(
    `select coalesce(sum((sessions.session #>> '{gaps,open}')::int), 0)::int as open,
            coalesce(sum((sessions.session #>> '{gaps,settledByNotice}')::int), 0)::int as "settledByNotice",
            coalesce(sum((sessions.session #>> '{gaps,settledByQuery}')::int), 0)::int as "settledByQuery"
     from sessions where sessions.had_gaps`,
  );
  return rows[0] ?? { open: 0, settledByNotice: 0, settledByQuery: 0 };
}

const AGE = `greatest(extract(epoch from
  $1::timestamptz - coalesce(query_schedule.last_verified_at, query_schedule.live_since)) * 1000, 0)`;

async function readLive(db: Db, nowMs: UnixMs): Promise<LiveNumbers> {
  const now = new Date(nowMs);
  const { rows } = await db.pool.query<{ sessions: number; ages: (number | null)[] }>(
    `select count(*)::int as sessions,
            percentile_disc(array[0.5, 0.95, 0.99, 1]) within group (order by ${AGE})::float8[] as ages
     from query_schedule where query_schedule.live_since is not null`,
    [now],
  );
  const counts = await db.prisma.querySchedule.groupBy({ by: ['account'], _count: true });
  const [p50Ms, p95Ms, p99Ms, maxMs] = (rows[0]?.ages ?? []).map((age) => Math.round(age ?? 0));
  return {
    sessions: rows[0]?.sessions ?? 0,
    askedByAccount: new Map(counts.map(({ account, _count }) => [account, _count])),
    notQueryable: await countNotQueryable(db),
    ages: { p50Ms: p50Ms ?? 0, p95Ms: p95Ms ?? 0, p99Ms: p99Ms ?? 0, maxMs: maxMs ?? 0 },
    withinBound: async (boundMs) => {
      const within = await db.pool.query<{ count: number }>(
        `select count(*)::int as count from query_schedule
         where query_schedule.live_since is not null and ${AGE} <= $2`,
        [now, boundMs],
      );
      return within.rows[0]?.count ?? 0;
    },
  };
}

async function countNotQueryable(db: Db): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>(
    `select count(*)::int as count from sessions
     where sessions.state in ('registered', 'starting', 'recording', 'stopping')
       and not exists (select from query_schedule where query_schedule.sid = sessions.sid)`,
  );
  return rows[0]?.count ?? 0;
}

async function readQueries(db: Db, nowMs: UnixMs): Promise<LedgerNumbers['queries']> {
  const groups = await db.prisma.queryUsage.groupBy({
    by: ['outcome'],
    where: { minute: { gt: new Date(nowMs - 60_000) } },
    _sum: { asked: true },
  });
  const outcomes = Object.fromEntries(groups.map(({ outcome, _sum }) => [outcome, _sum.asked ?? 0]));
  const lastMinute = Object.values(outcomes).reduce((sum, asked) => sum + asked, 0);
  return { lastMinute, throttled: outcomes['throttled'] ?? 0, outcomes };
}
