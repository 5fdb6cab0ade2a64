import type { PoolClient } from 'pg';
import { DAY_MS, plusMs, type UnixMs, utcDay } from '../../evidence/instant.js';
import type { Db } from '../connection/database.js';
import { ARCHIVED_AFTER_MS } from './archived-facts.js';
import { isLockTimeout } from '../connection/postgres-errors.js';
import { withTransaction } from '../connection/with-transaction.js';

export type Dropped = { days: number; notices: number; sessions: number };

/** A session that was folded within this time is not at rest; its evidence is kept until the next run. */
const AT_REST_MS = 3_600_000;
const LOCK_WITHIN = '2s';
const NOTHING: Dropped = { days: 0, notices: 0, sessions: 0 };

/**
 * Drops the notices that were received before `beforeMs`, a day's partition at a time, except those of
 * sessions that are not over or not at rest. The facts of what is dropped are archived, so that late evidence
 * can still be folded; identities, quarantine and counts stay. A day whose partition is locked is left for
 * the next run.
 */
export async function dropNoticesBefore(db: Pick<Db, 'pool'>, beforeMs: UnixMs, nowMs: UnixMs): Promise<Dropped> {
  const sum = { ...NOTHING };
  const add = (one: Dropped): void => {
    sum.days += one.days;
    sum.notices += one.notices;
    sum.sessions += one.sessions;
  };
  for (const partition of await listPartitions(db, beforeMs)) {
    add(await unlessLocked(db, (tx) => dropPartition(tx, partition, nowMs)));
  }
  add(await unlessLocked(db, (tx) => clearDefault(tx, beforeMs, nowMs)));
  return sum;
}

/** A statement that waits for a table lock also blocks all statements behind it, so it does not wait long. */
async function unlessLocked(db: Pick<Db, 'pool'>, drop: (tx: PoolClient) => Promise<Dropped>): Promise<Dropped> {
  try {
    return await withTransaction(db, async (tx) => {
      await tx.query(`set local lock_timeout = '${LOCK_WITHIN}'`);
      return drop(tx);
    });
  } catch (error) {
    if (isLockTimeout(error)) return NOTHING;
    throw error;
  }
}

/** Names of the partitions all of whose time is before then, oldest first. */
async function listPartitions({ pool }: Pick<Db, 'pool'>, beforeMs: UnixMs): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select part.relname as name from pg_inherits
     join pg_class as part on part.oid = pg_inherits.inhrelid
     where pg_inherits.inhparent = 'public.notices'::regclass
       and part.relname ~ '^notices_\\d{8}$' and part.relname <= $1
     order by 1`,
    [`notices_${dayBefore(beforeMs)}`],
  );
  return rows.map(({ name }) => name);
}

/** The last day that ended before then, as partitions are named by it. */
function dayBefore(atMs: UnixMs): string {
  return utcDay(plusMs(atMs, -DAY_MS)).replaceAll('-', '');
}

async function dropPartition(tx: PoolClient, name: string, nowMs: UnixMs): Promise<Dropped> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('recording-ledger notice partitions'))`);
  const { rows } = await tx.query(`select to_regclass($1) as found`, [`evidence_parts.${name}`]);
  if ((rows[0] as { found: string | null }).found === null) return NOTHING;
  const counts = await prepare(tx, `evidence_parts.${name}`, null, nowMs);
  await tx.query(`select detach_notice_partition($1)`, [name]);
  // Their day's partition is gone, so they move into the default partition.
  await tx.query(
    `insert into notices select kept.* from evidence_parts.${name} as kept where kept.sid not in (select sid from dropped_sids)`,
  );
  await tx.query(`select drop_detached_partition($1)`, [name]);
  return { days: 1, ...counts };
}

/** Deletes notices of dropped days that were kept because of their session and are no longer needed. */
async function clearDefault(tx: PoolClient, beforeMs: UnixMs, nowMs: UnixMs): Promise<Dropped> {
  const counts = await prepare(tx, 'evidence_parts.notices_default', beforeMs, nowMs);
  await tx.query(
    `delete from evidence_parts.notices_default as gone
     where gone.received_at < $1 and gone.sid in (select sid from dropped_sids)`,
    [new Date(beforeMs)],
  );
  return { days: 0, ...counts };
}

/** Finds the sessions whose notices may be dropped, archives their facts, and deletes what depends on the notices. */
async function prepare(
  tx: PoolClient,
  table: string,
  beforeMs: UnixMs | null,
  nowMs: UnixMs,
): Promise<{ notices: number; sessions: number }> {
  const before = beforeMs === null ? 'infinity' : new Date(beforeMs).toISOString();
  const atRest = new Date(plusMs(nowMs, -AT_REST_MS));
  await tx.query('drop table if exists dropped_sids');
  await tx.query('create temp table dropped_sids (sid text primary key) on commit drop');
  await tx.query(
    `insert into dropped_sids
     select distinct old.sid from ${table} as old left join sessions on sessions.sid = old.sid
     where old.received_at < $1
       and (sessions.sid is null or (sessions.state in ('ended', 'failed') and greatest(sessions.folded_at, sessions.updated_at) < $2))
       and not exists (select from pending_evidence where pending_evidence.sid = old.sid)
       and not exists (select from piecewise_folds where piecewise_folds.sid = old.sid)`,
    [before, atRest],
  );
  await tx.query(
    `insert into archived_facts (sid, facts, archived_at)
     select sessions.sid, sessions.facts, $1 from sessions where sessions.sid in (select sid from dropped_sids)
     on conflict (sid) do update set facts = excluded.facts, archived_at = excluded.archived_at`,
    [new Date(plusMs(nowMs, -ARCHIVED_AFTER_MS))],
  );
  await keepDeliveryCounts(tx, table, before);
  const { rows } = await tx.query<{ notices: number; sessions: number }>(
    `select (select count(*)::int from ${table} as old where old.received_at < $1 and old.sid in (select sid from dropped_sids)) as notices,
            (select count(*)::int from dropped_sids) as sessions`,
    [before],
  );
  return rows[0] ?? { notices: 0, sessions: 0 };
}

/** Saves the days' delivery counts, because the repetitions they count are dropped with the notices. */
async function keepDeliveryCounts(tx: PoolClient, table: string, before: string): Promise<void> {
  await tx.query(
    `with repeats as (
       delete from repeated_deliveries as gone using ${table} as old
       where gone.sid = old.sid and gone.event_key = old.event_key and old.received_at < $1
         and old.sid in (select sid from dropped_sids)
       returning old.app_id, (gone.received_at at time zone 'UTC')::date as day
     ), counted as (
       select old.app_id, (old.received_at at time zone 'UTC')::date as day, count(*) as events, count(*) as deliveries,
              count(*) filter (where old.received_at - old.occurred_at > interval '10 seconds') as late
       from ${table} as old
       where old.received_at < $1 and old.sid <> '' and not old.is_test and old.sid in (select sid from dropped_sids)
       group by 1, 2
       union all
       select repeats.app_id, repeats.day, 0, count(*), 0 from repeats group by 1, 2
     )
     insert into delivery_days as kept (app_id, day, events, deliveries, late)
     select counted.app_id, counted.day, sum(counted.events), sum(counted.deliveries), sum(counted.late) from counted group by 1, 2
     on conflict (app_id, day) do update set
       events = kept.events + excluded.events, deliveries = kept.deliveries + excluded.deliveries,
       late = kept.late + excluded.late`,
    [before],
  );
}
