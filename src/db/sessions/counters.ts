import { randomInt } from 'node:crypto';
import type { Db, Queryable } from '../connection/database.js';

/** With this many rows, two of ten processes share one in one case of twenty. */
const SHARDS = 1_024;

/** Random, because process ids do not distinguish processes: in containers nearly all have the same id. */
const drawnShard = randomInt(SHARDS);

/** This process's row of the running totals. Two processes that share a row only wait for each other. */
export function shardOfProcess(): number {
  return drawnShard;
}

/**
 * Adds to this process's share of running totals, in the order of their names, so that two processes that share a row
 * wait for each other in turn.
 */
export async function addToCounters(db: Queryable, amounts: ReadonlyMap<string, number>, shard: number): Promise<void> {
  const changed = [...amounts].filter(([, amount]) => amount !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (changed.length === 0) return;
  await db.query(
    `insert into counters (name, shard, value)
     select told.name, $3::smallint, told.value from unnest($1::text[], $2::bigint[]) as told (name, value)
     on conflict (name, shard) do update set value = counters.value + excluded.value`,
    [changed.map(([name]) => name), changed.map(([, amount]) => amount), shard],
  );
}

export async function readCounters({ prisma }: Db): Promise<ReadonlyMap<string, number>> {
  const groups = await prisma.counter.groupBy({ by: ['name'], _sum: { value: true } });
  return new Map(groups.map(({ name, _sum }) => [name, Number(_sum.value ?? 0)]));
}
