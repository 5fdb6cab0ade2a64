import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import type { EmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { findRunningServer } from '../../src/embedded/postmaster-file.js';
import { stopServer } from '../../src/embedded/server-process.js';
import { createTestFolder } from '../support/folder.js';
import { endProcesses, startNode, type TestProcess } from '../support/processes.js';
import { waitFor } from '../support/wait-for.js';

const DEADLINE_MS = 20_000;
/** Whoever starts it: another process, which can be killed. */
const OWNER = `
const { startEmbeddedPostgres } = await import(process.env.MODULE);
try {
  const { tookOver } = await startEmbeddedPostgres({ dataDir: process.env.DIR, log() {} });
  console.log('serving', tookOver);
} catch (error) {
  console.log('refused', error.message);
  process.exit(1);
}`;
const MODULE = new URL('../../dist/embedded/embedded-postgres.js', import.meta.url).href;

let workshop: string;
let made: string;
let dataDir: string;
let opened: EmbeddedPostgres[];

beforeAll(async () => {
  // Closed to everybody else, as root's and many users' own folders are, and with spaces.
  workshop = await createTestFolder('recording ledger embedded ');
  made = join(workshop, 'made');
  const first = await startEmbeddedPostgres({ dataDir: made, log: () => undefined });
  await first.stop();
});

afterAll(async () => {
  await rm(workshop, { recursive: true });
});

beforeEach(async () => {
  dataDir = await mkdtemp(join(workshop, 'data '));
  await cp(made, dataDir, { recursive: true });
  opened = [];
});

afterEach(async () => {
  for (const postgres of opened) await postgres.stop();
  await endProcesses();
  const left = await runningServer();
  if (left !== null) await stopServer(left.pid, cluster());
});

async function start(): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  opened.push(postgres);
  return postgres;
}

function startOwner(): TestProcess {
  return startNode(['--input-type=module', '-e', OWNER], { env: { MODULE, DIR: dataDir } });
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql).finally(() => client.end());
  return rows;
}

function runningServer(): ReturnType<typeof findRunningServer> {
  return findRunningServer(cluster());
}

function cluster(): string {
  return join(dataDir, 'postgres', 'cluster');
}

test('what was written before a stop is there after the next start', async () => {
  const first = await start();
  await query(first.url, 'create table kept as select 42 as n');
  await first.stop();
  expect(await runningServer()).toBeNull();

  const second = await start();
  expect(second.tookOver).toBe(false);
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
});

test('is durable, speaks UTC, and listens on loopback alone', async () => {
  const { url } = await start();
  const settings = `select name, setting from pg_settings
    where name in ('fsync', 'synchronous_commit', 'full_page_writes',
                   'listen_addresses', 'unix_socket_directories', 'max_connections') order by 1`;
  expect(await query(url, settings)).toEqual([
    { name: 'fsync', setting: 'on' },
    { name: 'full_page_writes', setting: 'on' },
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'max_connections', setting: '200' },
    { name: 'synchronous_commit', setting: 'on' },
    { name: 'unix_socket_directories', setting: '' },
  ]);
  expect(await query(url, 'show timezone')).toEqual([{ TimeZone: 'UTC' }]);
});

test('keeps its password in a file that no other user can read, and asks for it', async () => {
  const { url } = await start();
  const file = join(dataDir, 'postgres', 'password');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(new URL(url).password).toBe(await readFile(file, 'utf8'));
  const guess = new URL(url);
  guess.password = 'guess';
  await expect(query(guess.href, 'select 1')).rejects.toThrow(/password authentication failed/);
});

test('a second start while the first one lives is refused with its process id', async () => {
  const owner = startOwner();
  await owner.says(/serving/);
  await expect(start()).rejects.toMatchObject({
    code: 'already_running',
    message: expect.stringMatching(new RegExp(`in use by process ${owner.pid}: stop`)) as string,
  });
});

test('a killed owner leaves a server behind, which the next start replaces', async () => {
  const owner = startOwner();
  await owner.says(/serving false/);
  const abandoned = await runningServer();
  owner.kill('SIGKILL');
  await owner.ended;
  expect(await runningServer()).toEqual(abandoned);

  const next = await start();
  expect(next.tookOver).toBe(true);
  expect(await query(next.url, 'select 1 as n')).toEqual([{ n: 1 }]);
});

test('of three starts at once in an empty folder exactly one serves', async () => {
  await rm(join(dataDir, 'postgres'), { recursive: true });
  const owners = [startOwner(), startOwner(), startOwner()];
  const said = await Promise.all(owners.map((owner) => owner.says(/serving|refused/, DEADLINE_MS)));
  expect(said.map(([word]) => word).sort()).toEqual(['refused', 'refused', 'serving']);
  // No draft of a cluster is left beside the one that won.
  expect((await readdir(join(dataDir, 'postgres'))).sort()).toEqual(['cluster', 'password', 'server.log']);
});

test('a server that dies is started again behind the same address', async () => {
  const { url } = await start();
  await query(url, 'create table kept as select 42 as n');
  process.kill((await runningServer())?.pid ?? 0, 'SIGKILL');
  const rows = await waitFor(() => query(url, 'select n from kept'), { deadlineMs: DEADLINE_MS });
  expect(rows).toEqual([{ n: 42 }]);
});

test('a stale postmaster.pid with the number of another living process is no obstacle', async () => {
  const stale = [process.pid, dataDir, 1, 5432, '', '127.0.0.1', '1 1', 'ready'].join('\n');
  await writeFile(join(cluster(), 'postmaster.pid'), stale);
  const { url } = await start();
  expect(await query(url, 'select 1 as n')).toEqual([{ n: 1 }]);
});

test('says in one line when the data folder cannot be written', async () => {
  const taken = join(dataDir, 'a file');
  await writeFile(taken, '');
  const starting = startEmbeddedPostgres({ dataDir: taken, log: () => undefined });
  await expect(starting).rejects.toMatchObject({
    code: 'folder_unusable',
    message: expect.stringMatching(/cannot keep its data in .*a file.*set DATA_DIR.*$/) as string,
  });
});

test('says in one line when another version of Postgres has written the folder', async () => {
  const version = join(cluster(), 'PG_VERSION');
  await writeFile(version, '12\n');
  await expect(start()).rejects.toMatchObject({ code: 'other_version' });
});

test('does not replace the password of a database that is there', async () => {
  await rm(join(dataDir, 'postgres', 'password'));
  await expect(start()).rejects.toMatchObject({ code: 'folder_unusable' });
});
