import { jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { fetchDocumented } from '../support/fetch-documented.js';
import { inDatabase } from '../support/acknowledged.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.js';
import { createTestFolder } from '../support/folder.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startNode, startProgram, type TestProcess } from '../support/processes.js';
import { expectNoTraces } from '../support/traces.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(120_000);

/** Small and fast enough for every end to be known well before the shortest run is over. */
const WORLD = ['--sessions', '4', '--speed', '60', '--for', '20'];
const PATIENCE_MS = 60_000;
const RUNS = /API +(http:\/\/127\.0\.0\.1:\d+)\/v1\/sessions +key: (\w+)/;

const leftovers = clearAfterEach();
let folder: string;

beforeEach(async () => {
  folder = await createTestFolder('demo-');
});

function startDemo(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): TestProcess {
  return startNode(['dist/cli/main.js', 'demo', ...WORLD, ...args], { env: { TMPDIR: folder, ...env } });
}

async function databaseFor(create: () => Promise<TestDatabase>): Promise<TestDatabase> {
  const database = await create();
  leftovers.push(database.drop);
  return database;
}

async function rowsIn(database: TestDatabase, table: string): Promise<number> {
  const { rows } = await inDatabase(database.url, (client) =>
    client.query<{ n: number }>(`select count(*)::int as n from ${table}`),
  );
  return rows[0]?.n ?? -1;
}

const shell = async (command: string, env = process.env): Promise<string> =>
  (await promisify(execFile)('/bin/sh', ['-c', command], { env })).stdout;

async function expectFailure(demo: TestProcess, sentence: RegExp): Promise<void> {
  expect(await demo.ended).toEqual({ code: 1, signal: null });
  expect(demo.output()).toMatch(sentence);
  expect(demo.output().trim().split('\n')).toHaveLength(1);
  await expectNoTraces(folder);
}

describe('the demo', () => {
  it('is right about all of it, whatever the environment says, and touches nothing of what that names', async () => {
    const ledger = await databaseFor(createTestDatabase);
    const demo = startDemo([], {
      DATABASE_URL: ledger.url,
      REDIS_URL: 'redis://127.0.0.1:1',
      ROLES: 'jobs',
      SPOOL_DIR: '/nowhere/at/all',
      DATA_DIR: '/nowhere/else',
      API_KEYS: 'short',
      API_HOST: '0.0.0.0',
      AGORA_QPS_SHARE: '0.01',
      AGORA_CONFIG_FILE: '/nowhere.json',
      GONE_CONFIRM_MS: '1',
      PGSSLMODE: 'require',
      PGOPTIONS: '-c default_transaction_read_only=on',
    });
    const [, api = '', key = ''] = await demo.says(RUNS, PATIENCE_MS);
    const asked = await fetchDocumented(`${api}/v1/summary`, { headers: { authorization: `Bearer ${key}` } });
    expect(asked.status).toBe(200);
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    expect(demo.output()).toMatch(
      /sessions +4, of which over 4\n +wrong ends +0\n +forgotten sessions +0\n +wrong outcomes +0\n/,
    );
    expect(demo.output()).toMatch(/Perfect: no living session was called over/);
    expect(await rowsIn(ledger, 'sessions')).toBe(0);
    await expectNoTraces(folder);
  });

  it('names a session worth looking at, with commands that show it while it runs', async () => {
    const demo = startDemo(['--for', 'endless']);
    const [, sid = ''] = await demo.says(/worth looking at while this runs: (\w+)/, PATIENCE_MS);
    const [curl = ''] = await demo.says(/curl -H .*\/v1\/sessions\/\w+$/m);
    expect(JSON.parse(await shell(curl.replace('curl', 'curl -s')))).toMatchObject({ sid });
    const [inspect = ''] = await demo.says(/env \$\(.*$/m);
    // Somebody's own ledger in the environment is not the one that is shown.
    const env = { ...process.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', RETENTION_DAYS: 'wrong' };
    expect(await shell(inspect, env)).toContain(`"sid": "${sid}"`);
    demo.kill('SIGINT');
    expect((await demo.ended).signal).toBeNull();
    expect(demo.output()).toMatch(/The ledger against the truth/);
  });

  it('runs beside another that starts at the same moment', async () => {
    const demos = [startDemo(), startDemo()];
    const apis = await Promise.all(demos.map(async (demo) => (await demo.says(RUNS, PATIENCE_MS))[1]));
    expect(new Set(apis).size).toBe(2);
    for (const demo of demos) demo.kill('SIGTERM');
    for (const demo of demos) expect((await demo.ended).signal).toBeNull();
    await expectNoTraces(folder);
  });
});

describe('a demo that has no place for its folder', () => {
  it('ends with a sentence', async () => {
    await expectFailure(startDemo([], { TMPDIR: `${folder}/missing` }), /no place for its folder \(ENOENT/);
  });
});

describe('a database that the demo is given', () => {
  it('is used when it is empty, and keeps what was recorded; a second demo is refused', async () => {
    const database = await databaseFor(createEmptyDatabase);
    const demo = startDemo(['--database-url', database.url]);
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    expect(await rowsIn(database, 'sessions')).toBe(4);
    await expectFailure(startDemo(['--database-url', database.url]), /holds a ledger of 4 sessions: name an empty one/);
    expect(await rowsIn(database, 'sessions')).toBe(4);
  });

  it('is refused when it holds something else', async () => {
    const database = await databaseFor(createEmptyDatabase);
    await inDatabase(database.url, (client) => client.query('create table invoices (id int)'));
    await expectFailure(startDemo(['--database-url', database.url]), /holds 1 tables? of something else/);
  });

  it('ends the demo with a sentence when it does not answer', async () => {
    const demo = startDemo(['--database-url', 'postgres://nobody@127.0.0.1:1/none']);
    await expectFailure(demo, /The database that --database-url names does not let us in/);
  });

  it('ends the demo with a sentence when it may not be written to, though other parts run by then', async () => {
    const database = await databaseFor(createEmptyDatabase);
    const readOnly = `${database.url}?options=-c%20default_transaction_read_only%3Don`;
    await expectFailure(startDemo(['--database-url', readOnly]), /The demo has failed: .*read-only/);
  });
});

describe('a demo that is told to stop', () => {
  /** What is there of it at each moment: its folder, the cluster that is being made in it, the server. */
  const appears = (pattern: RegExp) => async (): Promise<unknown> =>
    waitFor(async () => (await readdir(folder, { recursive: true })).some((name) => pattern.test(name)), {
      deadlineMs: PATIENCE_MS,
    });
  const moments: [when: string, ready: (demo: TestProcess) => Promise<unknown>][] = [
    ['as soon as it has a folder', appears(/demo-\w+$/)],
    ['while its database is made', appears(/cluster\.\w+\/base/)],
    ['while its server starts', appears(/cluster\/postmaster\.pid$/)],
    ['while it runs', (demo) => demo.says(RUNS, PATIENCE_MS)],
  ];

  it.each(moments)('%s, ends within 10 s, and leaves nothing', async (_when, ready) => {
    const demo = startDemo(['--for', 'endless']);
    await ready(demo);
    const begin = Date.now();
    demo.kill('SIGTERM');
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    expect(Date.now() - begin).toBeLessThan(10_000);
    await expectNoTraces(folder);
  });

  it.each(moments)('by SIGKILL, %s, leaves nothing either', async (_when, ready) => {
    const demo = startDemo(['--for', 'endless']);
    await ready(demo);
    demo.kill('SIGKILL');
    await demo.ended;
    await expectNoTraces(folder, 20_000);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('by %s to the npm that runs it leaves no orphan', async (signal) => {
    const npm = startProgram('npm', ['run', 'demo', '--', ...WORLD, '--for', 'endless'], { env: { TMPDIR: folder } });
    await npm.says(RUNS, PATIENCE_MS);
    const [, api = ''] = RUNS.exec(npm.output()) ?? [];
    npm.kill(signal);
    await npm.ended;
    await expectNoTraces(folder, 20_000);
    await expect(fetch(`${api}/healthz`)).rejects.toThrow();
  });
});
