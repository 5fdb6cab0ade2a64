import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { closeDatabase, type Db } from '../src/db/connection/database.js';
import { storeNotices, type NoticeRow } from '../src/db/evidence/store-notices.js';
import { foldAll } from '../src/ledger/fold-all.js';
import { foldContextOf } from './bench-context.js';
import { snapshotRow } from './bench-notices.js';
import { median, type Child } from './child.js';
import { openBenchDatabase, withBenchServer, type BenchServer } from './bench-server.js';
import { print } from './print.js';
import { startService } from './service.js';
import { startSlowProxy } from './slow-proxy.js';

const PROCESSES = [1, 2, 3];
const ROUNDS = 3;
const SESSIONS = 3_000;
const NOTICES_EACH = 10;
/** Folded before what is measured: a fresh process compiles what it runs. */
const WARM_UP_EACH = 3;
/** One way, in milliseconds; 0 is Postgres beside the processes. */
const LATENCIES_MS = [0, 2, 10];

type Run = { perSecond: number; busyCores: number };

/**
 * How many notices a second one, two and three jobs processes fold of a backlog over 3,000 sessions, in
 * turns, each of them the service as it is started with ROLES=jobs; with Postgres beside them, and with a
 * network in between. And how busy the machine's cores were meanwhile: where they are all busy, a further
 * process has nothing to work with. Other latencies, one way in milliseconds, may be given.
 */
export async function foldProcesses(args: readonly string[]): Promise<void> {
  const latenciesMs = args.length > 0 ? args.map(Number) : LATENCIES_MS;
  print(
    `fold-processes: ${String(SESSIONS * NOTICES_EACH)} notices of ${String(SESSIONS)} sessions, ${String(availableParallelism())} cores, ${String(ROUNDS)} rounds`,
  );
  for (const latencyMs of latenciesMs) await withBenchServer((server) => compare(server, latencyMs));
}

async function compare(server: BenchServer, latencyMs: number): Promise<void> {
  const db = await openBenchDatabase(server, 'fold_processes');
  const target = new URL(server.url);
  target.pathname = '/fold_processes';
  const proxy = await startSlowProxy(Number(target.port), latencyMs);
  if (latencyMs > 0) target.port = String(proxy.port);
  const runs = new Map<number, Run[]>(PROCESSES.map((count) => [count, []]));
  try {
    await fill(db);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const count of PROCESSES)
        runs.get(count)?.push(await foldBacklog(db, { ...server, url: target.href }, count));
    }
  } finally {
    await proxy.close();
    await closeDatabase(db);
  }
  report(latencyMs, runs);
}

function report(latencyMs: number, runs: ReadonlyMap<number, readonly Run[]>): void {
  print(latencyMs === 0 ? '  Postgres beside the processes' : `  ${String(latencyMs)} ms each way to Postgres`);
  const one = median((runs.get(1) ?? []).map(({ perSecond }) => perSecond));
  for (const [count, measured] of runs) {
    const perSecond = median(measured.map((run) => run.perSecond));
    const busy = median(measured.map((run) => run.busyCores));
    print(
      `    ${String(count)} processes   ${perSecond.toFixed(0)} notices/s   ${(perSecond / one).toFixed(2)} times what one does   ${busy.toFixed(2)} cores busy`,
    );
  }
}

let made = 0;

/** The sessions are known already: each has had its first notice. */
async function fill(db: Db): Promise<void> {
  await store(db, 1);
  await foldAll(foldContextOf(db));
}

async function store(db: Db, noticesEach: number): Promise<void> {
  for (let nth = 0; nth < noticesEach; nth += 1) {
    made += 1;
    for (let from = 0; from < SESSIONS; from += 1_000) {
      const rows = Array.from({ length: 1_000 }, (_, n): NoticeRow => snapshotRow(`fold-${String(from + n)}`, made));
      await storeNotices(db.pool, rows, 0);
    }
  }
}

/** The pending rows are withheld until all processes are ready, and then inserted at once. */
async function foldBacklog(db: Db, server: BenchServer, count: number): Promise<Run> {
  await withhold(db, 'warm_up', WARM_UP_EACH);
  await withhold(db, 'measured', NOTICES_EACH);
  const children: Child[] = await Promise.all(
    Array.from({ length: count }, () => startService(server, { ROLES: 'jobs' })),
  );
  try {
    await db.pool.query('vacuum analyze');
    await foldWithheld(db, 'warm_up', WARM_UP_EACH);
    return await foldWithheld(db, 'measured', NOTICES_EACH);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await db.pool.query('drop table warm_up, measured');
  }
}

type Withheld = 'warm_up' | 'measured';

async function withhold(db: Db, table: Withheld, noticesEach: number): Promise<void> {
  await store(db, noticesEach);
  await db.pool.query(`create table ${table} as select * from pending_evidence`);
  await db.pool.query('truncate pending_evidence');
}

async function foldWithheld(db: Db, table: Withheld, noticesEach: number): Promise<Run> {
  const [begin, busyBefore] = [performance.now(), await busySeconds()];
  await db.pool.query(`insert into pending_evidence select * from ${table}`);
  while (await waits(db)) await new Promise((resolve) => setTimeout(resolve, 20));
  const seconds = (performance.now() - begin) / 1_000;
  const busyCores = ((await busySeconds()) - busyBefore) / seconds;
  return { perSecond: (SESSIONS * noticesEach) / seconds, busyCores };
}

async function waits(db: Db): Promise<boolean> {
  const { rows } = await db.pool.query<{ waits: boolean }>(`select exists (select from pending_evidence) as waits`);
  return rows[0]?.waits ?? false;
}

const TICKS_PER_SECOND = 100;

/** What all cores together have worked since the machine was started, whoever for. */
async function busySeconds(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softIrq) / TICKS_PER_SECOND;
}
