import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/embedded/free-port.js';
import { compare, inDatabase } from '../support/acknowledged.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startFreezableProxy, type FreezableProxy } from '../support/freezable-proxy.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startPosting, type Posting } from '../support/posting.js';
import type { TestProcess } from '../support/processes.js';
import { CRASH_APP, CRASH_SECRET, startReceiverProcess } from '../support/receiver-process.js';
import { createTestRedis, describeWithRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(60_000);

const leftovers = clearAfterEach();

let database: TestDatabase;
let folder: string;
let port: number;

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-shutdown-'));
  port = await freePort('127.0.0.1');
  leftovers.push(database.drop, () => rm(folder, { recursive: true }));
});

const startService = (databaseUrl = database.url, more = {}): Promise<TestProcess> =>
  startReceiverProcess({ databaseUrl, spoolDir: folder, port }, 'receiver,api,jobs', more);

const noticesUrl = (): string => `http://127.0.0.1:${String(port)}/ncs/${CRASH_APP}`;

function post(connections: number): Posting {
  const posting = startPosting(noticesUrl(), CRASH_SECRET, connections);
  leftovers.unshift(posting.stop);
  return posting;
}

/** The same server, at an address of its own that can be frozen. */
async function freezable(url: string): Promise<FreezableProxy & { url: string }> {
  const behind = new URL(url);
  const proxy = await startFreezableProxy(Number(behind.port));
  leftovers.unshift(proxy.close);
  behind.port = String(proxy.port);
  return { ...proxy, url: behind.href };
}

async function expectToStop(service: TestProcess): Promise<void> {
  const begin = Date.now();
  service.kill('SIGTERM');
  expect(await service.ended).toEqual({ code: 0, signal: null });
  expect(Date.now() - begin).toBeLessThan(10_000);
}

async function count(statement: string): Promise<number> {
  const { rows } = await inDatabase(database.url, (client) =>
    client.query<{ n: number }>(`select (${statement})::int as n`),
  );
  return rows[0]?.n ?? -1;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a service that is told to stop', () => {
  it('under load answers what it has, exits 0 within 10 s, and leaves nothing to repair', async () => {
    const service = await startService();
    const posted = post(32);
    await pause(1_500);
    const unsigned = await fetch(noticesUrl(), { method: 'POST', body: '{}' });
    expect(unsigned.status).toBe(401);
    await expectToStop(service);
    await posted.stop();
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
    expect(await count(`select sum(value) from counters where name = 'rejected'`)).toBe(1);
    const next = await startService();
    const isFolded = async (): Promise<boolean> => (await count('select count(*) from pending_evidence')) === 0;
    await waitFor(isFolded, { deadlineMs: 10_000, what: 'an empty queue of evidence' });
    expect(next.output()).not.toMatch(/spool\.drained/);
  });

  it('while Postgres is frozen answers until then, exits 0 within 10 s, and the next one has it all', async () => {
    const postgres = await freezable(database.url);
    const service = await startService(postgres.url);
    const posted = post(8);
    await pause(1_000);
    postgres.freeze();
    await service.says(/receiver\.spooling/);
    await pause(500);
    await expectToStop(service);
    await posted.stop();
    const next = await startService();
    await next.says(/spool\.drained/);
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });
});

describeWithRedis('a service with Redis that is told to stop', () => {
  it('while Redis is frozen exits 0 within 10 s, and has lost nothing', async () => {
    const own = await createTestRedis();
    leftovers.push(own.drop);
    const redis = await freezable(own.url);
    const service = await startService(database.url, { REDIS_URL: redis.url });
    const posted = post(8);
    await pause(1_000);
    redis.freeze();
    await pause(2_000);
    await expectToStop(service);
    await posted.stop();
    expect(Object.keys(posted.statuses()).sort()).toEqual(['200', 'null']);
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });
});
