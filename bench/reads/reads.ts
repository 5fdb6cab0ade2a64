import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Agent, request } from 'undici';
import { closeDatabase, type Db } from '../../src/db/connection/database.js';
import { percentiles } from '../../src/simulator/score.js';
import { withBenchServer, type BenchServer } from '../bench-server.js';
import { median } from '../child.js';
import { defaultRules } from '../default-rules.js';
import { markdownTable, writeSection } from '../document-section.js';
import { print } from '../print.js';
import { startService } from '../service.js';
import { APPS, sidOf } from './copies.js';
import { readFrom } from './explain.js';
import { fillDatabase } from './fill.js';
import { allReads, type Read } from './measured-reads.js';

const SESSIONS = 1_000_000;
const TIMES = 100;
const WARM_TIMES = 3;
/** A read that takes so long is asked no more often than shows it. */
const LONG_MS = 400;
const WANTED_MS = 50;

type Row = { name: string; p50: number; p99: number; ratio: number; from: readonly string[] };

/**
 * What reading takes in a ledger of a million sessions and twenty million notifications, or of as many sessions as
 * given: each answer through the service, in turns with a plain `select … where sid = $1`. `--only=<text>` measures
 * the reads that are named so; `--write` renews docs/benchmarks.md.
 */
export async function reads(args: readonly string[]): Promise<void> {
  const sessions = Number(args.find((word) => /^\d/.test(word)) ?? SESSIONS);
  const only = args.flatMap((word) => (word.startsWith('--only=') ? [word.slice('--only='.length)] : []));
  await withBenchServer(async (server) => {
    const begin = performance.now();
    const db = await fillDatabase(server, 'reads', sessions, defaultRules());
    try {
      print(`filled in ${((performance.now() - begin) / 1_000).toFixed(0)} s: ${await sizesOf(db)}`);
      const rows = await measureAll(server, db, sessions, only);
      if (args.includes('--write')) writeSection('reads', `${await sizesOf(db)}\n\n${tableOf(rows)}`);
    } finally {
      await closeDatabase(db);
    }
  });
}

async function sizesOf({ pool }: Db): Promise<string> {
  const tables = ['sessions', 'notices', 'changes', 'session_files', 'observations'];
  const counts: string[] = [];
  for (const table of tables) {
    const { rows } = await pool.query<{ count: number }>(`select count(*)::float8 as count from ${table}`);
    counts.push(`${(rows[0]?.count ?? 0).toLocaleString('en')} ${table.replace('session_', '')}`);
  }
  return `${counts.join(', ')}.`;
}

export async function measureAll(
  server: BenchServer,
  db: Db,
  sessions: number,
  only: readonly string[],
): Promise<Row[]> {
  const all = await allReads(db, sessions, Date.now());
  const chosen = all.filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)));
  const service = await startReading(server);
  const agent = new Agent({ connections: 1 });
  const rows: Row[] = [];
  try {
    for (const read of chosen) {
      const row = await measure(db, { url: service.apiUrl, agent }, read, sessions);
      print(`  ${row.p99 > WANTED_MS ? '!' : ' '} ${cellsOf(row).join('   ')}`);
      rows.push(row);
    }
  } finally {
    await agent.destroy();
    await service.stop();
  }
  return rows;
}

/** The whole service, for the apps that sessions were made of. */
async function startReading({ folder, url }: BenchServer): ReturnType<typeof startService> {
  const file = path.join(folder, 'accounts.json');
  const apps = APPS.map((appId) => ({ appId, ncsSecrets: ['secret'] }));
  const account = { name: 'account', customerId: 'bench', customerSecret: 'bench', apps };
  await writeFile(file, JSON.stringify({ accounts: [account] }));
  const own = new URL(url);
  own.pathname = '/reads';
  return startService({ folder, url: own.href }, { AGORA_CONFIG_FILE: file });
}

type Asked = { url: string; agent: Agent };

async function measure(db: Db, { url, agent }: Asked, read: Read, sessions: number): Promise<Row> {
  const plain: number[] = [];
  const took: number[] = [];
  for (let n = -WARM_TIMES; n < TIMES; n += 1) {
    const begin = performance.now();
    const answer = await request(`${url}${read.paths[Math.abs(n) % read.paths.length] ?? ''}`, { dispatcher: agent });
    const body = await answer.body.text();
    const tookMs = performance.now() - begin;
    if (answer.statusCode !== 200) throw new Error(`${read.name}: ${String(answer.statusCode)} ${body}`);
    const plainMs = await plainRead(db, sidOf(Math.abs(n * 977) % sessions));
    if (n >= 0) {
      took.push(tookMs);
      plain.push(plainMs);
    }
    if (tookMs > LONG_MS && n >= WARM_TIMES) break;
  }
  const { p50, p99 } = percentiles(took);
  return { name: read.name, p50, p99, ratio: p50 / median(plain), from: await readFrom(db, read.statements) };
}

/** What everything is compared with. */
async function plainRead({ pool }: Db, sid: string): Promise<number> {
  const begin = performance.now();
  await pool.query(`select sessions.session from sessions where sessions.sid = $1`, [sid]);
  return performance.now() - begin;
}

function cellsOf({ name, p50, p99, ratio, from }: Row): string[] {
  return [name, p50.toFixed(1), p99.toFixed(1), ratio.toFixed(1), from.join(', ')];
}

function tableOf(rows: readonly Row[]): string {
  const columns = [
    ['read', 'left'],
    ['p50 ms', 'right'],
    ['p99 ms', 'right'],
    ['times the plain one', 'right'],
    ['served by', 'left'],
  ] as const;
  return markdownTable(columns, rows.map(cellsOf));
}
