import type { UnixMs } from '../../evidence/instant.js';
import { REJECTION_REASONS, type RejectionReason } from '../../evidence/rejection.js';
import { isTerminal, SESSION_STATES, type SessionState } from '../../sessions/verdict/session.js';
import { readCounters } from './counters.js';
import { gapCounts, stateCounts, type GapCounts } from './session-counts.js';
import type { Db, Queryable } from '../connection/database.js';

/** Numbers for the status page: running totals, and what the schedule of coming queries tells. No session is read for them. */
export type LedgerNumbers = {
  sessions: Record<SessionState, number>;
  gaps: GapCounts;
  notices: {
    deliveries: number;
    events: number;
    duplicates: number;
    outOfOrder: number;
    quarantined: number;
    /** What was refused at the door, of which nothing is kept; and why. */
    rejected: number;
    rejectedByReason: Record<RejectionReason, number>;
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
  const [counters, scheduled, queries] = await Promise.all([
    readCounters(db),
    readScheduled(db, nowMs),
    readQueries(db, nowMs),
  ]);
  const total = (name: string): number => counters.get(name) ?? 0;
  const sessions = stateCounts(counters);
  const living = SESSION_STATES.filter((state) => !isTerminal(state)).reduce((sum, state) => sum + sessions[state], 0);
  return {
    sessions,
    gaps: gapCounts(counters),
    notices: {
      deliveries: total('deliveries'),
      events: total('events'),
      duplicates: total('deliveries') - total('events'),
      outOfOrder: total('out_of_order'),
      quarantined: total('quarantined'),
      rejected: total('rejected'),
      rejectedByReason: byReason(total),
    },
    // The two were read one after the other: what was saved in between may be in one of them alone.
    live: { ...scheduled, notQueryable: Math.max(living - scheduled.sessions, 0) },
    queries,
  };
}

/** The counter of what was refused for one reason; `rejected` is that of all of it. */
export function rejectedCounter(reason: RejectionReason): string {
  return `rejected ${reason}`;
}

function byReason(total: (name: string) => number): Record<RejectionReason, number> {
  const counts = REJECTION_REASONS.map((reason) => [reason, total(rejectedCounter(reason))] as const);
  return Object.fromEntries(counts) as Record<RejectionReason, number>;
}

/** When a session of the schedule was last verified, or seen to start. Instants, not ages: they are sorted and compared three times as fast. */
const VERIFIED_AT = `coalesce(query_schedule.last_verified_at, query_schedule.live_since)`;

/** The schedule is read from end to end: an index by age would have to be written with every answer. */
async function readScheduled(db: Db, nowMs: UnixMs): Promise<Omit<LiveNumbers, 'notQueryable'>> {
  const { rows } = await db.pool.query<{ sessions: number; verified: Date[] | null }>(
    `select count(*)::int as sessions,
            percentile_disc(array[0.5, 0.95, 0.99, 1]) within group (order by ${VERIFIED_AT} desc) as verified
     from query_schedule where query_schedule.live_since is not null`,
  );
  const counts = await db.prisma.querySchedule.groupBy({ by: ['account'], _count: true });
  const age = (percentile: number): number => {
    const verified = rows[0]?.verified?.[percentile];
    return verified === undefined ? 0 : Math.max(nowMs - verified.getTime(), 0);
  };
  return {
    sessions: rows[0]?.sessions ?? 0,
    askedByAccount: new Map(counts.map(({ account, _count }) => [account, _count])),
    ages: { p50Ms: age(0), p95Ms: age(1), p99Ms: age(2), maxMs: age(3) },
    withinBound: async (boundMs) => {
      const within = await db.pool.query<{ count: number }>(
        `select count(*)::int as count from query_schedule
         where query_schedule.live_since is not null and ${VERIFIED_AT} >= $1`,
        [new Date(Math.max(nowMs - boundMs, 0))],
      );
      return within.rows[0]?.count ?? 0;
    },
  };
}

/** Live sessions by whose they are, of those that there is something to ask about. */
export async function countLiveByApp(
  db: Queryable,
): Promise<readonly { account: string; appId: string | null; sessions: number }[]> {
  const { rows } = await db.query<{ account: string; appId: string | null; sessions: number }>(
    `select query_schedule.account, query_schedule.app_id as "appId", count(*)::int as sessions
     from query_schedule where query_schedule.live_since is not null group by 1, 2`,
  );
  return rows;
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
