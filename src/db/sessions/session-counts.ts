import type { PoolClient } from 'pg';
import { SESSION_STATES, type Session, type SessionState } from '../../sessions/verdict/session.js';
import type { Queryable } from '../connection/database.js';
import { addToCounters } from './counters.js';

/*
 * Running totals of what all sessions say, kept by the transactions that save them: counting the rows takes ever
 * longer, the more there are.
 * Ours: docs/decisions/023-one-process-tells-of-the-ledger.md
 */

export type GapCounts = { open: number; settledByNotice: number; settledByQuery: number };

/** Part of a total's name that follows it, and how much of it one session is. */
const GAP_NAMES = { open: 'gaps_open', settledByNotice: 'gaps_by_notice', settledByQuery: 'gaps_by_query' } as const;

function stateName(state: SessionState): string {
  return `sessions_${state}`;
}

const NAMES = [...SESSION_STATES.map(stateName), ...Object.values(GAP_NAMES)];

/** What a row of `sessions` said before it was saved, null where there was none, and what it says now. */
export type CountedChange = { before: Session | null; session: Session };

/** In the transaction that saves the rows, whose locks the caller holds; `others` are added in the same statement. */
export async function countSaved(
  tx: PoolClient,
  saved: readonly CountedChange[],
  others: Readonly<Record<string, number>>,
  shard: number,
): Promise<void> {
  const sums = new Map(Object.entries(others));
  const add = (name: string, amount: number): void => void sums.set(name, (sums.get(name) ?? 0) + amount);
  for (const { before, session } of saved) {
    for (const [name, amount] of countsOf(session)) add(name, amount);
    if (before !== null) for (const [name, amount] of countsOf(before)) add(name, -amount);
  }
  await addToCounters(tx, sums, shard);
}

function countsOf({ state, gaps }: Session): [string, number][] {
  const { open, settledByNotice, settledByQuery } = gaps;
  return [
    [stateName(state), 1],
    [GAP_NAMES.open, open],
    [GAP_NAMES.settledByNotice, settledByNotice],
    [GAP_NAMES.settledByQuery, settledByQuery],
  ];
}

export function stateCounts(counters: ReadonlyMap<string, number>): Record<SessionState, number> {
  const counts = SESSION_STATES.map((state) => [state, counters.get(stateName(state)) ?? 0] as const);
  return Object.fromEntries(counts) as Record<SessionState, number>;
}

export function gapCounts(counters: ReadonlyMap<string, number>): GapCounts {
  const of = (name: string): number => counters.get(name) ?? 0;
  return {
    open: of(GAP_NAMES.open),
    settledByNotice: of(GAP_NAMES.settledByNotice),
    settledByQuery: of(GAP_NAMES.settledByQuery),
  };
}

/**
 * Adds to this process's share what is missing to what the rows say: an older release beside this one does not
 * keep the totals, and a person may drop rows. One statement sees both as of one moment, and whoever saves
 * changes both in one transaction, so nothing is counted twice, whatever goes on meanwhile.
 */
export async function recountSessions(db: Queryable, shard: number): Promise<void> {
  await db.query(
    `with counted as (
       select 'sessions_' || sessions.state as name, count(*) as value from sessions group by sessions.state
       union all
       select gaps.name, coalesce(sum(gaps.value), 0) from sessions
       cross join lateral (values
         ('gaps_open', (sessions.session #>> '{gaps,open}')::bigint),
         ('gaps_by_notice', (sessions.session #>> '{gaps,settledByNotice}')::bigint),
         ('gaps_by_query', (sessions.session #>> '{gaps,settledByQuery}')::bigint)) as gaps (name, value)
       where sessions.had_gaps group by gaps.name
     ), kept as (
       select counters.name, sum(counters.value) as value from counters
       where counters.name = any($1::text[]) group by counters.name
     )
     insert into counters (name, shard, value)
     select missing.name, $2, missing.value
     from (select name, coalesce(counted.value, 0) - coalesce(kept.value, 0) as value
           from counted full join kept using (name)) as missing
     where missing.value <> 0 order by missing.name
     on conflict (name, shard) do update set value = counters.value + excluded.value`,
    [NAMES, shard],
  );
}
