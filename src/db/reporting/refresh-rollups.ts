import type { PoolClient } from 'pg';
import type { Db } from '../connection/database.js';
import { withTransaction } from '../connection/with-transaction.js';
import { ROLLUP_KINDS, type RollupKind } from './rollup-marks.js';

/*
 * Ours: docs/decisions/033-days-are-counted-once-they-are-over.md
 */

/** A day is counted so long after its end: until then a transaction that began in it may still commit. */
const SETTLED_AFTER = '10 minutes';
/** So many marked days are counted in one run, the newest first. */
const MARKED_AT_ONCE = 40;

type Due = { kind: RollupKind; day: string; isFirst: boolean };

/** Counts the days that are over and were not counted, and those that were marked since. Returns how many. */
export async function refreshRollups(db: Pick<Db, 'pool'>, stopping?: AbortSignal): Promise<number> {
  let counted = 0;
  for (const due of await listDue(db)) {
    if (stopping?.aborted === true) break;
    if (await withTransaction(db, (tx) => countDay(tx, due))) counted += 1;
  }
  return counted;
}

/** Every kind's days after the last counted one come in their order, for they are counted through to a day. */
async function listDue({ pool }: Pick<Db, 'pool'>): Promise<Due[]> {
  const ended = await pool.query<Omit<Due, 'isFirst'>>(
    `select progress.kind, to_char(coming.day, 'YYYY-MM-DD') as day
     from rollup_progress as progress
     cross join lateral generate_series(progress.through + 1,
       ((now() - interval '${SETTLED_AFTER}') at time zone 'UTC')::date - 1, interval '1 day') as coming (day)
     order by coming.day`,
  );
  const marked = await pool.query<Omit<Due, 'isFirst'>>(
    `select distinct marks.kind, to_char(marks.day, 'YYYY-MM-DD') as day
     from rollup_marks as marks join rollup_progress as progress on progress.kind = marks.kind
     where marks.day <= progress.through order by day desc limit $1`,
    [MARKED_AT_ONCE],
  );
  return [
    ...ended.rows.map((row) => ({ ...row, isFirst: true })),
    ...marked.rows.map((row) => ({ ...row, isFirst: false })),
  ];
}

/**
 * The marks are deleted and the day is counted in one snapshot: what commits later leaves its mark. Of two
 * processes at once the second gives way, or fails and leaves everything as the first made it.
 */
async function countDay(tx: PoolClient, { kind, day, isFirst }: Due): Promise<boolean> {
  await tx.query('set transaction isolation level repeatable read');
  const { rows } = await tx.query<{ free: boolean }>(
    `select pg_try_advisory_xact_lock(hashtext('recording-ledger rollups'), hashtext($1)) as free`,
    [`${kind} ${day}`],
  );
  if (rows[0]?.free !== true) return false;
  await tx.query(`delete from rollup_marks where rollup_marks.kind = $1 and rollup_marks.day = $2`, [kind, day]);
  await tx.query(COUNT[kind], [day]);
  // Apps and modes that the day no longer has: every row that was counted now has the time of this transaction.
  await tx.query(FORGET[kind], [day]);
  if (isFirst) {
    await tx.query(
      `update rollup_progress set through = greatest(rollup_progress.through, $2::date) where rollup_progress.kind = $1`,
      [kind, day],
    );
  }
  return true;
}

const COUNT: Readonly<Record<RollupKind, string>> = {
  sessions: upsert('session_rollups', ['day', 'app_id', 'mode'], 'reporting.sessions_of_day', [
    'sessions',
    'over',
    'recorded_ms',
    'completed',
    'abnormal_exit',
    'vanished',
    'never_started',
    'exit_notices_lost',
    'failovers',
    'without_file',
  ]),
  ends: upsert('end_rollups', ['day', 'all_apps', 'app_id'], 'reporting.ends_of_day', [
    'ends',
    'known_p50_ms',
    'known_p95_ms',
    'known_p99_ms',
  ]),
  deliveries: upsert(
    'delivery_rollups',
    ['day', 'all_apps', 'app_id'],
    'reporting.deliveries_of_day',
    ['events', 'deliveries', 'late', 'lost', 'gaps', 'gaps_open', 'gaps_by_notice', 'gaps_by_query'],
    // What retention has dropped cannot be asked for its delays any more: those that were counted stay.
    ['delay_p50_ms', 'delay_p95_ms'],
  ),
};

const FORGET = Object.fromEntries(
  ROLLUP_KINDS.map((kind) => {
    const table = { sessions: 'session_rollups', ends: 'end_rollups', deliveries: 'delivery_rollups' }[kind];
    return [kind, `delete from ${table} where ${table}.day = $1 and ${table}.counted_at <> now()::timestamptz(3)`];
  }),
) as Readonly<Record<RollupKind, string>>;

function upsert(
  table: string,
  key: readonly string[],
  counting: string,
  counts: readonly string[],
  kept: readonly string[] = [],
): string {
  const told = [...key.slice(1), ...counts, ...kept];
  const sets = [
    ...counts.map((name) => `${name} = excluded.${name}`),
    ...kept.map((name) => `${name} = coalesce(excluded.${name}, kept.${name})`),
  ];
  return `insert into ${table} as kept (day, ${told.join(', ')}, counted_at)
    select $1::date, ${told.map((name) => `counted.${name}`).join(', ')}, now() from ${counting}($1::date) as counted
    on conflict (${key.join(', ')}) do update set ${sets.join(', ')}, counted_at = excluded.counted_at`;
}
