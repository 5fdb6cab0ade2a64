import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { freePort, median, startChild, type Child } from './child.js';
import { load, type LoadResult } from './load.js';
import { withBenchServer, type BenchServer } from './bench-server.js';
import { print } from './print.js';
import { BENCH_SECRET, startService } from './service.js';

const ROUNDS = 3;
const SECONDS = 5;
const CONNECTIONS = 64;

type Contender = { name: string; url: string; results: LoadResult[] };

/**
 * Requests per second of a bare Express route, of this receiver with the whole service behind it,
 * and of a prisma upsert a request: interleaved, several rounds, Postgres and the load on the same
 * machine. At the end every notification that was answered 200 must be a row.
 */
export async function ingest(): Promise<void> {
  await withBenchServer(async (server) => {
    const children: Child[] = [];
    try {
      await compare(server, children);
    } finally {
      for (const child of children) await child.stop();
    }
  });
}

async function compare(server: BenchServer, children: Child[]): Promise<void> {
  const contenders = await startContenders(server, children);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { url, results } of contenders) {
      results.push(await load({ url, secret: BENCH_SECRET, seconds: SECONDS, connections: CONNECTIONS }));
      await untilFolded(server.url);
    }
  }
  report(contenders);
  await checkRows(server.url, contenders);
}

async function startContenders(server: BenchServer, children: Child[]): Promise<Contender[]> {
  const [bare, upsert] = [await freePort(), await freePort()];
  children.push(await startChild('contender.js', ['bare', String(bare)], {}, /listening/));
  const service = await startService(server);
  children.push(service);
  children.push(
    await startChild('contender.js', ['upsert', String(upsert), server.url, BENCH_SECRET], {}, /listening/),
  );
  const contender = (name: string, url: string): Contender => ({ name, url, results: [] });
  const urlAt = (port: number): string => `http://127.0.0.1:${String(port)}/ncs/bench`;
  return [
    contender('bare Express', urlAt(bare)),
    contender('this receiver', service.notifyUrl),
    contender('prisma.upsert', urlAt(upsert)),
  ];
}

/** What one contender leaves to be folded must not slow down the next. */
async function untilFolded(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const isWaiting = async (): Promise<boolean> =>
    ((await client.query('select from pending_evidence limit 1')).rowCount ?? 0) > 0;
  while (await isWaiting()) await setTimeout(100);
  await client.end();
}

function report(contenders: readonly Contender[]): void {
  const rates = contenders.map(({ results }) => median(results.map((result) => result.perSecond)));
  print(
    `ingest: ${String(ROUNDS)} interleaved rounds of ${String(SECONDS)} s, ${String(CONNECTIONS)} connections, median`,
  );
  for (const [index, { name, results }] of contenders.entries()) {
    const of = (pick: (result: LoadResult) => number): string => median(results.map(pick)).toFixed(1);
    const failures = results.reduce((sum, result) => sum + result.failures, 0);
    print(
      `  ${name.padEnd(14)} ${(rates[index] ?? 0).toFixed(0).padStart(6)} requests/s   p50 ${of((r) => r.p50Ms)} ms, p99 ${of((r) => r.p99Ms)} ms, p99.9 ${of((r) => r.p999Ms)} ms   failures ${String(failures)}`,
    );
  }
  const [bare = 1, receiver = 0, upsert = 1] = rates;
  print(`  receiver / bare Express   ${(receiver / bare).toFixed(2)}`);
  print(`  receiver / prisma.upsert  ${(receiver / upsert).toFixed(1)}`);
}

/** Every single noticeId that was answered 200, looked up. */
async function checkRows(databaseUrl: string, contenders: readonly Contender[]): Promise<void> {
  const acknowledged = contenders[1]?.results.flatMap((result) => result.acknowledged) ?? [];
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ missing: number }>(
    `select count(*)::int as missing from unnest($1::text[]) as told (notice_id)
     where not exists (select from notices where notices.notice_id = told.notice_id)`,
    [acknowledged],
  );
  await client.end();
  const missing = rows[0]?.missing ?? acknowledged.length;
  print(`  acknowledged ${String(acknowledged.length)}, of which missing in the table ${String(missing)}`);
  if (missing > 0) process.exitCode = 1;
}
