import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { fetchDocumented } from '../support/fetch-documented.js';
import { freePort } from '../../src/embedded/free-port.js';
import { at } from '../support/builders.js';
import { inDatabase } from '../support/acknowledged.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { createLimitedRole } from '../support/limited-role.js';
import { opsAt, type TestOps } from '../support/ops.js';
import { startNode, type TestProcess } from '../support/processes.js';
import { complaintsAbout, itWithPromtool } from '../support/promtool.js';
import { aRow } from '../support/raw-notifications.js';
import { CRASH_APP, CRASH_SECRET, startReceiverProcess } from '../support/receiver-process.js';
import { signed } from '../support/service.js';
import { ALIVE, GONE, startStubAgora, type StubAgora } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(60_000);

const leftovers = clearAfterEach();
const SOON = { deadlineMs: 15_000 };

let database: TestDatabase;
let agora: StubAgora;
let folder: string;
let port: number;

beforeEach(async () => {
  database = await createTestDatabase();
  agora = await startStubAgora();
  agora.answerWith(ALIVE);
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-ops-'));
  port = await freePort('127.0.0.1');
  leftovers.push(database.drop, agora.close, () => rm(folder, { recursive: true }));
});

type Seen = { process: TestProcess; ops: TestOps; port: number };

async function start(roles: string, more: Readonly<Record<string, string>> = {}, ready?: RegExp): Promise<Seen> {
  const opsPort = await freePort('127.0.0.1');
  const settings = { databaseUrl: database.url, spoolDir: folder, port };
  const env = { AGORA_BASE_URLS: agora.url, START_CHECK_AFTER_MS: '100', OPS_PORT: String(opsPort), ...more };
  const process = await startReceiverProcess(settings, roles, env, ready);
  return { process, ops: opsAt(opsPort), port: opsPort };
}

/** Of what happens just now. */
async function notify(eventType: number, details = {}): Promise<number> {
  const body = Buffer.from(aRow((Date.now() - at(0)) / 1000, eventType, details, { sid: 'seen' }).raw);
  const url = `http://127.0.0.1:${String(port)}/ncs/${CRASH_APP}`;
  const response = await fetch(url, { method: 'POST', body, headers: signed(body, CRASH_SECRET) });
  return response.status;
}

async function register(apiPort: number): Promise<void> {
  const told = { appId: CRASH_APP, resourceId: 'resource', mode: 'mix', cname: 'lesson', uid: '1' };
  const response = await fetchDocumented(`http://127.0.0.1:${String(apiPort)}/v1/sessions/seen`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...told, startedAt: new Date().toISOString() }),
  });
  expect(response.status).toBe(201);
}

/** One process for each role, and a session that starts, is asked about, and ends. */
async function liveThrough(): Promise<{ receiver: Seen; jobs: Seen; api: Seen }> {
  const apiPort = await freePort('127.0.0.1');
  const [receiver, jobs] = [await start('receiver'), await start('jobs')];
  const api = await start('api', { API_PORT: String(apiPort) });
  await register(apiPort);
  expect(await notify(1)).toBe(200);
  await waitFor(() => agora.requests.length > 0, { ...SOON, what: 'a query' });
  agora.answerWith(GONE);
  expect(await notify(11, { exitStatus: 0 })).toBe(200);
  await fetch(`http://127.0.0.1:${String(port)}/ncs/${CRASH_APP}`, { method: 'POST', body: '{}' });
  const isOver = 'verdicts_total{account="default",outcome="completed"}';
  await waitFor(async () => (await jobs.ops.read(isOver)) === 1, { ...SOON, what: 'the verdict' });
  return { receiver, jobs, api };
}

const LEDGER_GAUGES = ['live_sessions', 'truth_bound_seconds', 'pending_evidence', 'fold_lag_seconds'];

describe('a process of each role, seen by who scrapes it', () => {
  it('shows what it does, and what is true of the whole ledger is told by one of them', async () => {
    const { receiver, jobs, api } = await liveThrough();
    expect(await receiver.ops.read('notifications_total{result="notice"}')).toBe(2);
    expect(await receiver.ops.read('notifications_total{result="rejected"}')).toBe(1);
    expect(await receiver.ops.metrics()).toMatch(/recording_ledger_notifications_rejected_total\{reason="\w+"\} 1/);
    for (const name of ['spool_entries', 'spool_bytes', 'spool_oldest_seconds']) {
      expect(await receiver.ops.read(name)).toBe(0);
      expect(await jobs.ops.read(name)).toBeNull();
    }
    const metrics = await jobs.ops.metrics();
    expect(metrics).toMatch(/_queries_total\{account="default",class="\w+",outcome="answered"\} \d/);
    expect(metrics).toMatch(/_time_to_truth_seconds_count\{account="default",outcome="completed"\} 1/);
    expect(metrics).toMatch(/_folds_total\{result="new_version"\} \d/);
    expect(metrics).toMatch(/_feed_lag_seconds_count \d/);
    expect(metrics).toMatch(/_http_request_seconds_count\{listener="ops",route="\/metrics",status="2xx"\} \d/);
    const isEnded = async (): Promise<boolean> => (await jobs.ops.read('sessions{state="ended"}')) === 1;
    await waitFor(isEnded, { ...SOON, what: 'the count of what ended' });
    expect(await jobs.ops.read('slots_held{account="default",by="query"}')).not.toBeNull();
    for (const name of LEDGER_GAUGES) {
      expect([name, await jobs.ops.read(name)]).toEqual([name, expect.any(Number)]);
      expect([name, await receiver.ops.read(name), await api.ops.read(name)]).toEqual([name, null, null]);
    }
    for (const { ops } of [receiver, jobs, api]) expect((await ops.ready()).status).toBe(200);
    expect(
      await api.ops.read('http_request_seconds_count{listener="api",route="/v1/sessions/:sid",status="2xx"}'),
    ).toBe(1);
  });

  itWithPromtool('says it as Prometheus wants it said', async () => {
    const { receiver, jobs, api } = await liveThrough();
    await waitFor(async () => (await jobs.ops.read('live_sessions')) !== null, SOON);
    for (const { ops } of [receiver, jobs, api]) expect(complaintsAbout(await ops.metrics())).toBe('');
  });

  it('is healthy to the image’s own check while it runs, whatever its role, and not when it is gone', async () => {
    const check = (opsPort: number): number | null =>
      spawnSync(process.execPath, ['scripts/healthcheck.mjs'], { env: { OPS_PORT: String(opsPort) } }).status;
    for (const role of ['receiver', 'jobs', 'api']) {
      const seen = await start(role);
      expect([role, check(seen.port)]).toEqual([role, 0]);
      seen.process.kill('SIGKILL');
      await seen.process.ended;
      expect([role, check(seen.port)]).toEqual([role, 1]);
    }
  });
});

describe('of two processes with the role jobs', () => {
  it('one tells of the ledger, and when that stops, the other', async () => {
    const [first, second] = [await start('jobs'), await start('jobs')];
    const tells = async ({ ops }: Seen): Promise<boolean> => (await ops.read('live_sessions')) !== null;
    await waitFor(() => tells(first), SOON);
    expect(await tells(second)).toBe(false);
    first.process.kill('SIGTERM');
    await first.process.ended;
    await waitFor(() => tells(second), SOON);
  });
});

describe('while Postgres is in the way of a start', () => {
  it('a process with the role jobs alone says why it is not ready, and is once it may start', async () => {
    const role = await createLimitedRole(database.url);
    leftovers.push(role.drop);
    const asOwner = (statement: string): Promise<unknown> =>
      inDatabase(database.url, (client) => client.query(statement));
    await asOwner(`grant create on database ${new URL(database.url).pathname.slice(1)} to ${role.name}`);
    await asOwner(`alter role ${role.name} connection limit 0`);
    const { ops, process } = await start('jobs', { DATABASE_URL: role.url }, /service\.start_refused/);
    const { status, body } = await ops.ready();
    expect([status, body.obstacles]).toEqual([
      503,
      [expect.stringMatching(/refuses what a start needs .*too many connections/)],
    ]);
    await asOwner(`alter role ${role.name} connection limit -1`);
    await process.says(/service\.started/);
    expect((await ops.ready()).status).toBe(200);
  });
});

describe('a port that is taken', () => {
  async function takePort(wanted: number): Promise<number> {
    const server = createServer().listen(wanted, '127.0.0.1');
    await once(server, 'listening').catch(() => undefined); // taken by somebody else already: as good
    leftovers.unshift(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : wanted;
  }

  const run = (more: Readonly<Record<string, string>>): TestProcess =>
    startNode(['dist/main.js'], { env: { ROLES: 'jobs', DATABASE_URL: database.url, ...more } });

  it('stops a process that was told to listen there, which names the setting', async () => {
    const process = run({ OPS_PORT: String(await takePort(0)) });
    expect((await process.ended).code).toBe(1);
    expect(process.output()).toMatch(/127\.0\.0\.1:\d+ is taken; set OPS_PORT to a free port, or to 0/);
  });

  it('stops nobody who was told nothing, and names the setting too', async () => {
    await takePort(8082);
    const process = run({ OPS_PORT: '' });
    await process.says(/set OPS_PORT to a free port.*ops\.not_listening/);
    await process.says(/service\.started/);
  });
});
