import { closeDatabase, type Db } from '../src/db/connection/database.js';
import { unixMs, type UnixMs } from '../src/evidence/instant.js';
import { createPlanner } from '../src/jobs/plan-queries.js';
import { median } from './child.js';
import { defaultRules } from './default-rules.js';
import { openBenchDatabase, withBenchServer, type BenchServer } from './bench-server.js';
import { print } from './print.js';

const SIZES = [1_000, 1_000_000];
const TICKS = 300;
const TICK_MS = 500;

type Contender = { size: number; db: Db; tick: () => Promise<number>; tookMs: number[]; planned: number };

/**
 * The time of a planner's tick with a thousand and with a million live sessions in the schedule, in
 * two databases of one server, a tick of the one after a tick of the other. What a tick claims is
 * given back before the next, so that each has the full room to fill.
 */
export async function planner(): Promise<void> {
  await withBenchServer(async (server) => {
    const clock = { now: unixMs(Date.now()) };
    const contenders: Contender[] = [];
    try {
      for (const size of SIZES) contenders.push(await prepare(server, size, () => clock.now));
      for (let n = 0; n < TICKS; n += 1) {
        clock.now = unixMs(clock.now + TICK_MS);
        for (const contender of contenders) await measure(contender);
      }
      report(contenders);
    } finally {
      for (const { db } of contenders) await closeDatabase(db);
    }
  });
}

async function prepare(server: BenchServer, size: number, now: () => UnixMs): Promise<Contender> {
  const db = await openBenchDatabase(server, `planner_${String(size)}`);
  await fill(db, size);
  const account = {
    name: 'bench',
    customerId: '',
    customerSecret: '',
    limit: 10,
    perSecond: 9,
    appIds: [],
    appLimits: new Map(),
  };
  const queryQueue = { addBulk: () => Promise.resolve([]) };
  const tick = createPlanner({
    db,
    accounts: [account],
    queryQueue,
    now,
    routineIntervalMs: defaultRules().routineIntervalMs,
    chance: Math.random,
  });
  return { size, db, tick, tookMs: [], planned: 0 };
}

const FILLED_AT_ONCE = 50_000;

/** Live sessions as they are in mid-life: most are due for routine, some silent, a few urgent. */
async function fill(db: Db, size: number): Promise<void> {
  for (let from = 1; from <= size; from += FILLED_AT_ONCE) {
    await db.pool.query(FILL, [from, Math.min(from + FILLED_AT_ONCE - 1, size)]);
  }
  await db.pool.query('vacuum analyze query_schedule');
}

const FILL = `
insert into query_schedule (sid, account, priority, reason, due_at, last_verified_at, live_since,
                            beat_due_at, suspect_at, turn_at, waiting_since)
select md5(n::text), 'bench', case when n % 200 = 0 then n / 200 % 8 else 8 end, 'bench',
       now() + (random() * 600 - 300) * interval '1 second', now() - random() * interval '10 minutes',
       now() - random() * interval '1 hour', beat.at, beat.at, beat.at + random() * interval '3 minutes',
       now() - random() * interval '10 minutes'
from generate_series($1::int, $2::int) as n
cross join lateral (select now() + (random() * 63 - 3 + n * 0) * interval '1 second' as at) as beat`;

async function measure(contender: Contender): Promise<void> {
  const { db, tick, tookMs } = contender;
  const begin = performance.now();
  contender.planned += await tick();
  tookMs.push(performance.now() - begin);
  await db.pool.query(
    `update query_schedule set claimed_at = null, due_at = now() - interval '1 minute',
       suspect_at = now() - interval '1 second'
     where query_schedule.account = 'bench' and query_schedule.claimed_at is not null`,
  );
}

function report(contenders: readonly Contender[]): void {
  print(`planner: ${String(TICKS)} interleaved ticks`);
  const means = contenders.map(({ size, tookMs, planned }) => {
    const sorted = tookMs.toSorted((a, b) => a - b);
    const mean = tookMs.reduce((sum, ms) => sum + ms, 0) / tookMs.length;
    print(
      `  ${size.toLocaleString('en').padStart(9)} sessions   median ${median(tookMs).toFixed(2)} ms, mean ${mean.toFixed(2)} ms, p99 ${(sorted[Math.floor(TICKS * 0.99)] ?? 0).toFixed(1)} ms   ${(planned / TICKS).toFixed(1)} queries a tick`,
    );
    return { mean, median: median(tookMs) };
  });
  const [small, large] = means;
  if (small === undefined || large === undefined) return;
  print(
    `  ratio of the medians ${(large.median / small.median).toFixed(2)}, of the means ${(large.mean / small.mean).toFixed(2)}`,
  );
}
