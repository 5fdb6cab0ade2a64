import { jest } from '@jest/globals';
import { chmodSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../src/db/migrations/migrate.js';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { freePort } from '../../src/embedded/free-port.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import type { TestProcess } from '../support/processes.js';
import { CRASH_APP, startReceiverProcess } from '../support/receiver-process.js';
import {
  createSteppedClock,
  describeWithFaketime,
  steppedPostgres,
  type SteppedClock,
} from '../support/stepped-clock.js';
import { ALIVE, GONE, startStubAgora, type StubAgora } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(150_000);

const CONFIRM_MS = 12_000;
const SID = 'stepped';

const leftovers = clearAfterEach();

let folder: string;
let clock: SteppedClock;
let agora: StubAgora;
let api: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-clock-'));
  chmodSync(folder, 0o755); // Postgres runs as another user and has to read the clock's file
  clock = createSteppedClock(folder);
  agora = await startStubAgora();
  leftovers.push(agora.close, () => rm(folder, { recursive: true }));
});

async function startService(databaseUrl: string): Promise<TestProcess> {
  const [receiver, port] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  api = `http://127.0.0.1:${String(port)}/v1/sessions/${SID}`;
  return startReceiverProcess({ databaseUrl, spoolDir: join(folder, 'spool'), port: receiver }, 'receiver,api,jobs', {
    API_PORT: String(port),
    AGORA_BASE_URLS: agora.url,
    START_CHECK_AFTER_MS: '50',
    GONE_CONFIRM_MS: String(CONFIRM_MS),
    GONE_MARGIN_MS: '1000',
    ROUTINE_INTERVAL_MS: '1200',
    ...clock.env,
  });
}

async function session(): Promise<any> {
  return (await fetchDocumented(api)).json();
}

async function until(what: string, condition: (found: any) => boolean): Promise<void> {
  await waitFor(async () => condition(await session()), { deadlineMs: 60_000, what });
}

async function registerAlive(): Promise<void> {
  agora.answerWith(ALIVE);
  const startedAt = new Date().toISOString();
  const body = JSON.stringify({ appId: CRASH_APP, resourceId: 'r', mode: 'mix', cname: 'c', uid: '1', startedAt });
  const headers = { 'content-type': 'application/json' };
  expect((await fetchDocumented(api, { method: 'PUT', headers, body })).status).toBe(201);
  await until('a living session', ({ state }) => state === 'recording');
}

/** Has Agora asked about it until it was asked `count` times since `from`. */
async function askUntil(count: number, from: number): Promise<void> {
  const asked = async (): Promise<boolean> => {
    if (agora.requests.length < from + count) await fetchDocumented(`${api}/reconcile`, { method: 'POST' });
    return agora.requests.length >= from + count;
  };
  await waitFor(asked, { deadlineMs: 40_000, what: `query ${String(count)} of those that find nothing` });
}

/** Two 404s, a step, and 404s until the session is gone: how long they have lasted by the true clock. */
async function trueMsUntilGone(step: () => unknown): Promise<number> {
  await registerAlive();
  agora.answerWith(GONE);
  const from = agora.requests.length;
  await askUntil(2, from);
  await step();
  await askUntil(3, from);
  await until('the end', ({ state }) => state !== 'recording');
  expect(await session()).toMatchObject({ state: 'ended', outcome: 'vanished' });
  const first = agora.requests[from]?.atMs ?? NaN;
  return (agora.requests.at(-1)?.atMs ?? NaN) - first;
}

async function startSteppedPostgres(): Promise<{ url: string }> {
  const binDir = await steppedPostgres(folder, clock);
  const settings = { fsync: 'off' };
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log: () => undefined, settings, binDir });
  leftovers.unshift(postgres.stop);
  await migrate(postgres.url);
  return postgres;
}

describeWithFaketime('a session whose 404s last over a step of a clock is gone when they have lasted, where', () => {
  it.each([9, -14])('the clock of the process is set by %d s', async (seconds) => {
    const database = await createTestDatabase();
    leftovers.push(database.drop);
    await startService(database.url);
    const lasted = await trueMsUntilGone(() => clock.stepTo(seconds));
    expect(lasted).toBeGreaterThanOrEqual(CONFIRM_MS);
  });

  it.each([9, -14])('the clock of the machine, its Postgres included, is set by %d s', async (seconds) => {
    const postgres = await startSteppedPostgres();
    const service = await startService(postgres.url);
    const lasted = await trueMsUntilGone(() => clock.stepTo(seconds));
    expect(lasted).toBeGreaterThanOrEqual(CONFIRM_MS);
    expect(service.output()).toMatch(/clock\.stepped/);
  });

  it('the clock of the machine is set while the service is being started anew', async () => {
    const postgres = await startSteppedPostgres();
    const before = await startService(postgres.url);
    const lasted = await trueMsUntilGone(async () => {
      before.kill('SIGTERM');
      await before.ended;
      clock.stepTo(8);
      const after = await startService(postgres.url);
      expect(after.output()).toMatch(/clock\.stepped/);
    });
    expect(lasted).toBeGreaterThanOrEqual(CONFIRM_MS);
  });
});
