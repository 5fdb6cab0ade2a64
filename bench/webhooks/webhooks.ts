import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { closeDatabase, type Db } from '../../src/db/connection/database.js';
import { openBenchDatabase, withBenchServer, type BenchServer } from '../bench-server.js';
import { freePort, median, startChild, type Child } from '../child.js';
import { markdownTable, writeSection } from '../document-section.js';
import { print } from '../print.js';
import { startService, type BenchService } from '../service.js';
import { publish } from './publish.js';

const ENDPOINTS = 20;
const VERSIONS = 1_500;
const ROUNDS = 3;
const IDLE_ENDPOINTS = 10_000;
const IDLE_S = 15;
const UNWANTED_PER_SECOND = 20;
const TICKS_PER_S = 100;

/** `perCpuSecond`: deliveries in a second of the process's own CPU, whatever else the machine does. */
type Sent = { perSecond: number; perCpuSecond: number };
type Idle = { name: string; statements: number; cpu: number };

/**
 * How many deliveries a second one process makes to 20 receivers, each of which wants every version; and what 10,000
 * endpoints cost that want nothing of what happens. `--write` renews docs/benchmarks.md.
 */
export async function webhooks(args: readonly string[]): Promise<void> {
  await withBenchServer(async (server) => {
    const db = await openBenchDatabase(server, 'webhooks');
    const children: Child[] = [];
    try {
      const perSecond = await measureSending(server, db, children);
      const idle = await measureIdle(db, children);
      print(tableOf(idle));
      if (args.includes('--write')) writeSection('webhooks', sectionOf(perSecond, idle));
    } finally {
      for (const child of children.toReversed()) await child.stop();
      await closeDatabase(db);
    }
  });
}

async function measureSending(server: BenchServer, db: Db, children: Child[]): Promise<Sent[]> {
  const first = await firstOfFreePorts();
  children.push(await startChild('webhooks/receivers.js', [String(first), String(ENDPOINTS)], {}, /listening/));
  const url = new URL(server.url);
  url.pathname = '/webhooks';
  const settings = { SECRETS_KEY: 'a-key-for-the-benchmark-only', WEBHOOK_ALLOWED_HOSTS: '127.0.0.1' };
  const service = await startService({ ...server, url: url.href }, settings);
  children.push(service);
  for (let n = 0; n < ENDPOINTS; n += 1) await addEndpoint(service, first + n);
  await deliver(db, first, service.pid, 100); // warm
  const rounds: Sent[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const sent = await deliver(db, first, service.pid, VERSIONS);
    rounds.push(sent);
    print(`${String(sent.perSecond)} deliveries/s, ${String(sent.perCpuSecond)} in a second of CPU; load ${load()}`);
  }
  return rounds;
}

/** Ports one after the other; that they are free is looked at once more by whoever listens. */
async function firstOfFreePorts(): Promise<number> {
  const port = await freePort();
  return Math.min(port, 65_535 - ENDPOINTS);
}

async function addEndpoint({ apiUrl }: BenchService, port: number): Promise<void> {
  const response = await fetch(`${apiUrl}/v1/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url: `http://127.0.0.1:${String(port)}/hook`, types: ['session.changed'] }),
  });
  if (response.status !== 201) throw new Error(`an endpoint was answered ${String(response.status)}`);
}

/** Deliveries a second, from the first version that is published to the last delivery. */
async function deliver(db: Db, port: number, pid: number, versions: number): Promise<Sent> {
  const [before, cpu] = [await countPosted(port), await cpuSeconds(pid)];
  const began = performance.now();
  await publish(db, versions);
  while ((await countPosted(port)) - before < versions * ENDPOINTS) await pause(20);
  const [seconds, cpuUsed] = [(performance.now() - began) / 1_000, (await cpuSeconds(pid)) - cpu];
  const each = (time: number): number => Math.round((versions * ENDPOINTS) / time);
  return { perSecond: each(seconds), perCpuSecond: each(cpuUsed) };
}

async function countPosted(port: number): Promise<number> {
  return Number(await (await fetch(`http://127.0.0.1:${String(port)}/`)).text());
}

async function measureIdle(db: Db, children: readonly Child[]): Promise<Idle[]> {
  const pid = children.at(-1)?.pid ?? 0;
  const { pool } = db;
  await pool.query('delete from webhook_endpoints');
  await pause(15_000); // what was held is given back
  const none = await idleFor(db, pid, 'no endpoint', 0);
  const quiet = await idleFor(db, pid, `no endpoint, ${String(UNWANTED_PER_SECOND)} versions/s`, UNWANTED_PER_SECOND);
  await pool.query(
    `insert into webhook_endpoints (id, url, types, secret, created_at, updated_at)
     select 'ep_idle_' || n, 'https://idle.example/hook', array['session.reopened'], 'none', now(), now()
     from generate_series(1, $1::int) as n`,
    [IDLE_ENDPOINTS],
  );
  await pool.query('update webhook_state set revision = webhook_state.revision + 1');
  await pause(3_000);
  const idle = await idleFor(db, pid, '10,000 endpoints', 0);
  const unwanted = await idleFor(
    db,
    pid,
    `10,000 endpoints, ${String(UNWANTED_PER_SECOND)} versions/s that none wants`,
    UNWANTED_PER_SECOND,
  );
  return [none, quiet, idle, unwanted];
}

async function idleFor(db: Db, pid: number, name: string, perSecond: number): Promise<Idle> {
  const [statements, cpu] = [await countTransactions(db), await cpuSeconds(pid)];
  let published = 0;
  const began = performance.now();
  while (performance.now() - began < IDLE_S * 1_000) {
    if (perSecond > 0) await publish(db, perSecond / 2);
    published += perSecond > 0 ? 1 : 0;
    await pause(500);
  }
  const seconds = (performance.now() - began) / 1_000;
  return {
    name,
    statements: ((await countTransactions(db)) - statements - published) / seconds,
    cpu: ((await cpuSeconds(pid)) - cpu) / seconds,
  };
}

/** Of the whole database; Postgres tells of them a second late at the most. */
async function countTransactions({ pool }: Db): Promise<number> {
  await pause(1_100);
  const { rows } = await pool.query<{ count: string }>(
    `select (xact_commit + xact_rollback)::text as count from pg_stat_database where datname = current_database()`,
  );
  return Number(rows[0]?.count ?? 0);
}

async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${String(pid)}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

function tableOf(idle: readonly Idle[]): string {
  return markdownTable(
    [
      ['the process has', 'left'],
      ['transactions/s', 'right'],
      ['CPU, of one core', 'right'],
    ],
    idle.map(({ name, statements, cpu }) => [name, statements.toFixed(1), `${(cpu * 100).toFixed(1)} %`]),
  );
}

function sectionOf(rounds: readonly Sent[], idle: readonly Idle[]): string {
  const written = (rate: number): string => rate.toLocaleString('en-US');
  const all = rounds.map(({ perSecond }) => written(perSecond)).join(', ');
  const perSecond = written(median(rounds.map((round) => round.perSecond)));
  const perCpuSecond = written(median(rounds.map((round) => round.perCpuSecond)));
  const sent = `${perSecond} deliveries/s (median of ${all}) at a load of ${load()} on two cores, ${perCpuSecond} in a second of the process's own CPU: ${VERSIONS.toLocaleString('en-US')} versions to ${String(ENDPOINTS)} endpoints, signed, logged and in order, by one process with all roles; receivers, Postgres and it share the machine.`;
  return `${sent}\n\n${tableOf(idle)}`;
}
