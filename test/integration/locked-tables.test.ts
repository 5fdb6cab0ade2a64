import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ensurePartitions } from '../../src/db/migrations/partitions.js';
import { unixMs } from '../../src/evidence/instant.js';
import { freePort } from '../../src/embedded/free-port.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { compare, inDatabase } from '../support/acknowledged.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startPosting } from '../support/posting.js';
import type { TestProcess } from '../support/processes.js';
import { CRASH_APP, CRASH_SECRET, startReceiverProcess } from '../support/receiver-process.js';
import { waitFor } from '../support/wait-for.js';

const leftovers = clearAfterEach();

let database: TestDatabase;
let folder: string;
let ports: { receiver: number; api: number };

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-locked-'));
  ports = { receiver: await freePort('127.0.0.1'), api: await freePort('127.0.0.1') };
  leftovers.push(database.drop, () => rm(folder, { recursive: true }));
});

const startService = (ready?: RegExp): Promise<TestProcess> =>
  startReceiverProcess(
    { databaseUrl: database.url, spoolDir: folder, port: ports.receiver },
    'receiver,api,jobs',
    { API_PORT: String(ports.api) },
    ready,
  );

/** A session that has read a table in a transaction which it leaves open, as a backup or an analyst does. */
async function reading(): Promise<() => Promise<void>> {
  const reader = new pg.Client({ connectionString: database.url });
  await reader.connect();
  await reader.query('begin');
  await reader.query('lock table notices, evidence_parts.notices_default in access share mode');
  const end = async (): Promise<void> => reader.end();
  leftovers.unshift(end);
  return async () => {
    leftovers.splice(leftovers.indexOf(end), 1);
    await end();
  };
}

async function partitionsOf(ms: number): Promise<number> {
  const { rows } = await inDatabase(database.url, (client) =>
    client.query<{ n: number }>(
      `select count(*)::int as n from pg_inherits join pg_class as part on part.oid = inhrelid
       where inhparent = 'public.notices'::regclass and part.relname ~ '\\d$' and part.relname >= $1`,
      [`notices_${new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')}`],
    ),
  );
  return rows[0]?.n ?? -1;
}

const DAY_MS = 86_400_000;

describe('while another transaction reads the notices', () => {
  it('a service starts, and stores what it is sent at once, though partitions are due', async () => {
    await reading();
    const begin = performance.now();
    const service = await startService();
    expect(performance.now() - begin).toBeLessThan(8_000);
    expect(service.output()).toMatch(/partitions\.locked/);
    const posting = startPosting(`http://127.0.0.1:${String(ports.receiver)}/ncs/${CRASH_APP}`, CRASH_SECRET, 4);
    leftovers.unshift(posting.stop);
    await waitFor(() => posting.acknowledged().length >= 100, { deadlineMs: 10_000 });
    await posting.stop();
    expect(posting.slowestMs()).toBeLessThan(2_000);
    expect(await compare(posting.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });

  it('new partitions are left for later, and nothing waits behind them', async () => {
    const now = unixMs(Date.now());
    const pool = new pg.Pool({ connectionString: database.url });
    leftovers.unshift(() => pool.end());
    expect(await ensurePartitions(pool, now)).toBe('made');
    const stop = await reading();
    const tomorrow = unixMs(now + DAY_MS);
    const begin = performance.now();
    const [outcome] = await Promise.all([ensurePartitions(pool, tomorrow), insertNotice(pool)]);
    expect(outcome).toBe('locked');
    expect(performance.now() - begin).toBeLessThan(2_000);
    await stop();
    expect(await partitionsOf(tomorrow)).toBe(7);
    expect(await ensurePartitions(pool, tomorrow)).toBe('made');
    expect(await partitionsOf(tomorrow)).toBe(8);
  });

  it('and no partition is due, nothing is locked even for a moment', async () => {
    const pool = new pg.Pool({ connectionString: database.url });
    leftovers.unshift(() => pool.end());
    const now = unixMs(Date.now());
    await ensurePartitions(pool, now);
    await reading();
    expect(await ensurePartitions(pool, now)).toBe('made');
  });
});

describe('a service that starts on a database that is read-only', () => {
  const setReadOnly = (on: boolean): Promise<unknown> =>
    inDatabase(database.url, (client) =>
      client.query(
        `set transaction_read_only = off; alter database ${new URL(database.url).pathname.slice(1)} ${on ? 'set default_transaction_read_only = on' : 'reset default_transaction_read_only'}`,
      ),
    );

  it('says so, accepts notifications all the same, and starts when it may write', async () => {
    const before = await startService();
    before.kill('SIGTERM');
    await before.ended;
    await setReadOnly(true);
    const service = await startService(/service\.start_refused/);
    expect(service.output()).toMatch(/cannot execute .* in a read-only transaction/);
    const ready = `http://127.0.0.1:${String(ports.api)}/readyz`;
    const told = await waitFor(async () => (await fetchDocumented(ready)).json(), { deadlineMs: 5_000 });
    expect(told).toMatchObject({ status: 'ready', warnings: [expect.stringMatching(/read-only/)] });
    const posting = startPosting(`http://127.0.0.1:${String(ports.receiver)}/ncs/${CRASH_APP}`, CRASH_SECRET, 2);
    leftovers.unshift(posting.stop);
    await waitFor(() => posting.acknowledged().length >= 20, { deadlineMs: 10_000 });
    await posting.stop();
    await setReadOnly(false);
    await service.says(/service\.started/);
    const stored = async (): Promise<boolean> => (await compare(posting.acknowledged(), database.url)).missing === 0;
    await waitFor(stored, { deadlineMs: 10_000, what: 'what was spooled' });
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });

  it('stops when it is told to', async () => {
    await setReadOnly(true);
    const service = await startService(/service\.start_refused/);
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });
});

async function insertNotice(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into notices (sid, received_at, event_key, app_id, event_type, occurred_at, is_test, raw)
     values ('s', now(), gen_random_uuid(), 'app', 1, now(), false, '{}')`,
  );
}
