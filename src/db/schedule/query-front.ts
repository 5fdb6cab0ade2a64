import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Heads } from '../../reconcile/choose-queries.js';
import { HEARTBEAT_MS } from '../../reconcile/heartbeat.js';
import type { Db } from '../connection/database.js';

/** How many more queries of the account may enter the queue, and which sessions are at the heads of its orders. */
export type ScheduleFront = { room: number; heads: Heads };

export type FrontRules = {
  nowMs: UnixMs;
  /** How many queries of the account may be in the queue. */
  largest: number;
  /** How many query classes there are; the most urgent is 0. */
  classes: number;
  /** A session that was last asked about before this counts as one of the oldest. */
  waitingBeforeMs: UnixMs;
  /**
   * Selects sessions whose end is likely: silent since before `silentBeforeMs`, with the last missed
   * heartbeat due while the channel worked. Null while silence proves nothing.
   */
  likely: { silentBeforeMs: UnixMs; lastMissWithinMs: number } | null;
  /** Apps that Agora refuses: their sessions are not selected, however long they wait. */
  refusedApps: readonly string[];
};

type Front = 'due' | 'proof' | 'likely' | 'turn' | 'suspect' | 'oldest';

const NOT_REFUSED = `(query_schedule.app_id is null or query_schedule.app_id <> all($8::text[]))`;

/** The first rows of one order, sorted by the column that says since when they qualify. */
function first(front: Front, since: string, condition: string): string {
  return `select * from (
    select '${front}', query_schedule.sid, null::smallint, query_schedule.${since} from query_schedule
    where query_schedule.account = $1 and ${condition} and ${NOT_REFUSED}
      and (query_schedule.claimed_at is null or query_schedule.due_at <= $2)
    order by query_schedule.${since} limit room.size
  ) as ${front}`;
}

const READ_FRONT = `
with standing as (
  select count(*)::int as queued from query_schedule
  where query_schedule.account = $1 and query_schedule.claimed_at is not null
    and not query_schedule.asking and query_schedule.due_at > $2
), room as (
  select greatest($3 - standing.queued, 0) as size from standing
)
select room.size as room, head.* from room left join lateral (
  select 'due' as front, due.sid, due.priority, due.due_at as since
  from generate_series(0, $4::int - 1) as class (priority)
  cross join lateral (
    select query_schedule.sid, query_schedule.priority, query_schedule.due_at from query_schedule
    where query_schedule.account = $1 and query_schedule.priority = class.priority
      and query_schedule.due_at <= $2 and ${NOT_REFUSED}
    order by query_schedule.due_at limit room.size
  ) as due
  union all ${first('proof', 'proof_at', 'query_schedule.proof_at <= $2')}
  union all ${first(
    'likely',
    'suspect_at',
    `query_schedule.suspect_at <= $6
      and mod((extract(epoch from $2 - query_schedule.suspect_at) * 1000)::bigint, ${String(HEARTBEAT_MS)}) < $7`,
  )}
  union all ${first('turn', 'turn_at', 'query_schedule.turn_at <= $2 and $6::timestamptz is null')}
  union all ${first('suspect', 'suspect_at', 'query_schedule.suspect_at <= $2')}
  union all ${first('oldest', 'waiting_since', 'query_schedule.waiting_since <= $5')}
) as head on true`;

type FrontRow = { room: number; front: Front | null; sid: string; priority: number; since: Date };

/**
 * The heads of the orders of an account's schedule. Each is read from an index, only as far as there is room
 * in the queue, so the cost does not grow with the table.
 */
export async function readFront(db: Db, account: string, rules: FrontRules): Promise<ScheduleFront> {
  const { rows } = await db.pool.query<FrontRow>(READ_FRONT, [
    account,
    new Date(rules.nowMs),
    rules.largest,
    rules.classes,
    new Date(rules.waitingBeforeMs),
    rules.likely === null ? null : new Date(rules.likely.silentBeforeMs),
    rules.likely?.lastMissWithinMs ?? 0,
    rules.refusedApps,
  ]);
  const of = (front: Front) =>
    rows
      .filter((row) => row.front === front)
      .map(({ sid, priority, since }) => ({ sid, priority, sinceMs: unixMs(since.getTime()) }));
  return {
    room: rows[0]?.room ?? 0,
    heads: {
      due: of('due'),
      proofs: of('proof'),
      likely: of('likely'),
      turns: of('turn'),
      suspects: of('suspect'),
      oldest: of('oldest'),
    },
  };
}

/** A sample of fixed size, by random id, of the sessions whose heartbeat is expected. */
const SAMPLE = 500;
/** No account could ask about more live sessions than this in a day, so counting further changes nothing. */
const MOST_COUNTED = 50_000;

/**
 * For a sample of an account's sessions, when the heartbeat after the last one counts as missed; and how many
 * sessions the account has to ask about.
 */
export async function readSample(db: Db, account: string): Promise<{ beatsDueMs: readonly UnixMs[]; live: number }> {
  const { rows } = await db.pool.query<{ due: number[] | null; live: number }>(
    `select (select array_agg((extract(epoch from sampled.beat_due_at) * 1000)::float8) from (
               select query_schedule.beat_due_at from query_schedule
               where query_schedule.account = $1 and query_schedule.beat_due_at is not null
               order by query_schedule.sid limit $2) as sampled) as due,
            (select count(*)::int from (
               select from query_schedule where query_schedule.account = $1 limit $3) as live) as live`,
    [account, SAMPLE, MOST_COUNTED],
  );
  return { beatsDueMs: (rows[0]?.due ?? []).map(unixMs), live: rows[0]?.live ?? 0 };
}

/** How many sessions of an account were last asked about before that time. */
export async function countOlder(db: Db, account: string, beforeMs: UnixMs): Promise<number> {
  const { rows } = await db.pool.query<{ old: number }>(
    `select count(*)::int as old from (
       select from query_schedule
       where query_schedule.account = $1 and query_schedule.waiting_since <= $2 limit $3) as older`,
    [account, new Date(beforeMs), MOST_COUNTED],
  );
  return rows[0]?.old ?? 0;
}
