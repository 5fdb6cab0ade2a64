import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/embedded/free-port.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { inDatabase } from '../support/acknowledged.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startOwnRedis } from '../support/own-redis.js';
import { createLimitedRole, type LimitedRole } from '../support/limited-role.js';
import { describeWithRedis } from '../support/redis.js';
import type { TestProcess } from '../support/processes.js';
import { aRow } from '../support/raw-notifications.js';
import { CRASH_APP, CRASH_SECRET, startReceiverProcess } from '../support/receiver-process.js';
import { startPickyProxy } from '../support/picky-proxy.js';
import { signed } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const leftovers = clearAfterEach();

let database: TestDatabase;
let role: LimitedRole;
let folder: string;
let ports: { receiver: number; api: number };

beforeEach(async () => {
  database = await createTestDatabase();
  role = await createLimitedRole(database.url);
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-refused-'));
  ports = { receiver: await freePort('127.0.0.1'), api: await freePort('127.0.0.1') };
  await asOwner(`select create_notice_partitions(current_date, 8)`);
  leftovers.push(database.drop, role.drop, () => rm(folder, { recursive: true }));
});

const asOwner = (statement: string): Promise<unknown> => inDatabase(database.url, (client) => client.query(statement));

const startService = (databaseUrl: string, more = {}): Promise<TestProcess> =>
  startReceiverProcess({ databaseUrl, spoolDir: folder, port: ports.receiver }, 'receiver,api,jobs', {
    API_PORT: String(ports.api),
    ...more,
  });

async function readiness(): Promise<{ status: number; body: string }> {
  const response = await fetchDocumented(`http://127.0.0.1:${String(ports.api)}/readyz`);
  return { status: response.status, body: await response.text() };
}

/** It receives, so it is ready, and warns. */
async function expectWarning(why: RegExp): Promise<void> {
  const { status, body } = await readiness();
  expect({ status, body }).toEqual({ status: 200, body: expect.stringMatching(why) });
}

async function expectToFold(): Promise<void> {
  const hasQueue = async (): Promise<boolean> => !(await readiness()).body.includes('does not answer');
  await waitFor(hasQueue, { deadlineMs: 20_000, what: 'the queue' });
  const folded = async (): Promise<boolean> =>
    inDatabase(database.url, async (client) => {
      const { rowCount } = await client.query('select from sessions');
      return rowCount === 1;
    });
  await waitFor(folded, { deadlineMs: 20_000, what: 'the session' });
}

async function expectToReceive(): Promise<void> {
  const body = Buffer.from(aRow(0, 1).raw);
  const url = `http://127.0.0.1:${String(ports.receiver)}/ncs/${CRASH_APP}`;
  const response = await fetch(url, { method: 'POST', body, headers: signed(body, CRASH_SECRET) });
  expect(response.status).toBe(200);
}

async function expectToStop(service: TestProcess): Promise<void> {
  const begin = performance.now();
  service.kill('SIGTERM');
  expect(await service.ended).toEqual({ code: 0, signal: null });
  expect(performance.now() - begin).toBeLessThan(10_000);
}

describe('a service whose queue Postgres refuses at the start', () => {
  it('receives, says why it has no queue, and works as soon as it may make one', async () => {
    const service = await startService(role.url);
    await service.says(/permission denied for database.*queue\.error/);
    await expectWarning(/the queue does not answer.*permission denied/);
    await expectToReceive();
    await asOwner(`grant create on database ${new URL(database.url).pathname.slice(1)} to ${role.name}`);
    await expectToFold();
    await expectToStop(service);
  });

  it('stops when it is told to while it has no queue', async () => {
    const service = await startService(role.url);
    await service.says(/permission denied for database/);
    await expectToStop(service);
  });

  it('works once it gets the connections that it was refused', async () => {
    await asOwner(`grant create on database ${new URL(database.url).pathname.slice(1)} to ${role.name}`);
    await asOwner(`alter role ${role.name} connection limit 6`);
    const service = await startService(role.url);
    await service.says(/too many connections for role/);
    await expectToReceive();
    await asOwner(`alter role ${role.name} connection limit -1`);
    await expectToFold();
    await expectToStop(service);
  });

  it('stands by and stops when told behind a pooler that does not know what the queue asks for', async () => {
    const proxy = await startPickyProxy(Number(new URL(database.url).port));
    leftovers.unshift(proxy.close);
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const service = await startService(url.href);
    await service.says(/unsupported startup parameter: options/);
    await expectWarning(/the queue does not answer.*unsupported startup parameter/);
    await expectToReceive();
    await expectToStop(service);
  });
});

describeWithRedis('a service whose Redis answers nothing at the start', () => {
  it('receives, says within seconds that it has no queue, and works once Redis answers', async () => {
    const redis = await startOwnRedis();
    leftovers.unshift(redis.kill);
    redis.pause();
    const service = await startService(database.url, { REDIS_URL: redis.url });
    const begin = performance.now();
    await expectWarning(/the queue does not answer/);
    expect(performance.now() - begin).toBeLessThan(5_000);
    await expectToReceive();
    redis.goOn();
    await expectToFold();
    await expectToStop(service);
  });
});
