import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/db/migrations/migrate.js';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { freePort } from '../../src/embedded/free-port.js';
import { createRandom } from '../../src/simulator/random.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { compare, inDatabase } from '../support/acknowledged.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startPosting, type Posting } from '../support/posting.js';
import { endProcesses, type ProcessEnd, type TestProcess } from '../support/processes.js';
import { CRASH_APP, CRASH_SECRET, startReceiverProcess } from '../support/receiver-process.js';
import { describeWithSmallDisk, mountSmallDisk } from '../support/small-disk.js';
import { waitFor } from '../support/wait-for.js';

const KILLS = Number(process.env['CRASHES'] ?? 30);
/** Another one with every run, and printed: when the kills come, as far as a test decides that. */
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 0x7fffffff);

jest.setTimeout(60_000 + KILLS * 8_000);

let database: TestDatabase;
let admin: pg.Client;
let folder: string;
let port: number;
let posting: Posting | null = null;

beforeEach(async () => {
  database = await createTestDatabase();
  const url = new URL(database.url);
  url.pathname = '/postgres';
  admin = new pg.Client({ connectionString: url.href });
  await admin.connect();
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-crashes-'));
  port = await freePort('127.0.0.1');
});

afterEach(async () => {
  await posting?.stop();
  posting = null;
  await endProcesses();
  await setReachable(true);
  await admin.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

const startReceiver = (
  roles?: string,
  databaseUrl = database.url,
  more?: Readonly<Record<string, string>>,
): Promise<TestProcess> => startReceiverProcess({ databaseUrl, spoolDir: folder, port }, roles, more);

/** While Postgres is away: only the receiver stands, for the whole service. */
const startDegraded = (roles = 'receiver', more = {}): Promise<TestProcess> =>
  startReceiverProcess({ databaseUrl: database.url, spoolDir: folder, port }, roles, more, /receiver\.degraded/);

const name = (): string => new URL(database.url).pathname.slice(1);

/** A Postgres that refuses and closes all connections: to the service it looks as if it were gone. */
async function setReachable(reachable: boolean): Promise<void> {
  await admin.query(`alter database ${name()} allow_connections ${String(reachable)}`);
  if (reachable) return;
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
    [name()],
  );
}

function startPostingHere(connections = 8): Posting {
  posting = startPosting(`http://127.0.0.1:${String(port)}/ncs/${CRASH_APP}`, CRASH_SECRET, connections);
  return posting;
}

/** Every connection that this server has, also those that were the service's; given back by `giveBack`. */
async function takeAllConnections(url: string): Promise<{ giveBack: () => Promise<void> }> {
  const taken: pg.Client[] = [];
  const takeOne = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: url, application_name: 'greedy' });
    client.on('error', () => undefined);
    const isIn = await client.connect().then(
      () => true,
      () => false,
    );
    if (isIn) taken.push(client);
    return isIn;
  };
  const throwOut = `select pg_terminate_backend(pid) from pg_stat_activity
                    where backend_type = 'client backend' and application_name <> 'greedy'`;
  let others = 1;
  while (others > 0) {
    while (await takeOne());
    others = (await taken[0]?.query(throwOut))?.rowCount ?? 0;
  }
  const giveBack = async (): Promise<void> => {
    await Promise.all(taken.map((client) => client.end()));
  };
  return { giveBack };
}

/** `since`: what the log said before that place was of an earlier drain. */
async function spoolIsDrained(service: TestProcess, since = 0): Promise<void> {
  const isDrained = (): boolean => service.output().slice(since).includes('spool.drained');
  await waitFor(isDrained, { deadlineMs: 30_000, what: 'the spool to be drained' });
}

async function stopped(service: TestProcess): Promise<ProcessEnd> {
  service.kill('SIGTERM');
  return service.ended;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a receiver', () => {
  it(`killed ${String(KILLS)} times under load, with Postgres there or away, loses nothing it acknowledged`, async () => {
    console.info(`crashes: seed ${String(SEED)}`);
    const random = createRandom(SEED, 'crashes');
    let service = await startReceiver();
    const posted = startPostingHere();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const away = kill % 3 === 2;
      await pause(random.between(50, 450));
      if (away) await setReachable(false);
      if (away) await pause(random.between(50, 450));
      service.kill('SIGKILL');
      await service.ended;
      if (away) await setReachable(true);
      service = await startReceiver();
      if (kill % 7 === 6) await pause(random.between(0, 30)); // killed while it drains
    }
    await pause(500);
    await posted.stop();
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    const last = await startReceiver();
    await pause(1_000);
    last.kill('SIGTERM');
    await last.ended;
    expect(posted.acknowledged().length).toBeGreaterThan(KILLS * 20);
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });

  it('goes on answering 200 while Postgres is away, and says so', async () => {
    const apiPort = String(await freePort('127.0.0.1'));
    const service = await startReceiver('receiver,api', undefined, { API_PORT: apiPort });
    const posted = startPostingHere();
    await pause(1_000);
    await setReachable(false);
    await service.says(/receiver\.spooling/);
    const before = posted.acknowledged().length;
    await pause(2_000);
    expect(posted.acknowledged().length).toBeGreaterThan(before + 100);
    const ready = await fetchDocumented(`http://127.0.0.1:${apiPort}/readyz`);
    expect(ready.status).toBe(200); // else the balancer would take away what the spool is for
    const told = (await ready.json()) as { warnings: string[]; spool: { entries: number } };
    expect(told.warnings).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Postgres does not answer/),
        expect.stringMatching(/wait in the spool/),
      ]),
    );
    expect(told.spool.entries).toBeGreaterThan(0);
    await setReachable(true);
    await spoolIsDrained(service);
    await posted.stop();
    expect(Object.keys(posted.statuses())).toEqual(['200']);
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });

  it('started while Postgres is away accepts notifications, also when it is killed', async () => {
    await stopped(await startReceiver());
    await setReachable(false);
    const killed = await startDegraded();
    const posted = startPostingHere();
    await pause(500);
    killed.kill('SIGKILL');
    await killed.ended;
    const inTime = posted.acknowledged().length;
    expect(inTime).toBeGreaterThan(20);
    expect(await stopped(await startDegraded())).toEqual({ code: 0, signal: null });
    const service = await startDegraded();
    await pause(500);
    await posted.stop();
    expect(posted.acknowledged().length).toBeGreaterThan(inTime + 20);
    await setReachable(true);
    await service.says(/service\.started/);
    await spoolIsDrained(service);
    expect(Object.keys(posted.statuses()).sort()).toEqual(['200', 'null']);
    expect(await stopped(service)).toEqual({ code: 0, signal: null });
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });

  it('started while Postgres is away answers every notification while the full service takes over', async () => {
    await stopped(await startReceiver('receiver,api'));
    await setReachable(false);
    const service = await startDegraded('receiver,api');
    const posted = startPostingHere(32);
    await pause(500);
    await setReachable(true);
    await service.says(/service\.started/);
    await spoolIsDrained(service);
    await pause(500);
    await posted.stop();
    expect(Object.keys(posted.statuses())).toEqual(['200']);
    expect(await stopped(service)).toEqual({ code: 0, signal: null });
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });

  it('started while Postgres is away says so where it is asked whether it is ready', async () => {
    await stopped(await startReceiver());
    await setReachable(false);
    const apiPort = String(await freePort('127.0.0.1'));
    const opsPort = String(await freePort('127.0.0.1'));
    const service = await startDegraded('receiver,api', { API_PORT: apiPort, OPS_PORT: opsPort });
    const ask = (path: string): Promise<Response> => fetchDocumented(`http://127.0.0.1:${apiPort}${path}`);
    const posted = startPostingHere();
    await waitFor(() => posted.acknowledged().length > 0, {
      deadlineMs: 5_000,
      what: 'a notification in the spool',
    });
    await posted.stop();
    const entries = String(posted.acknowledged().length);
    const ready = await ask('/readyz');
    expect(ready.status).toBe(200); // else the balancer would take away what the spool is for
    expect(await ready.json()).toEqual({
      status: 'ready',
      obstacles: [],
      warnings: ['Postgres does not answer', `${entries} notifications wait in the spool`],
      spool: { entries: Number(entries), bytes: expect.any(Number) },
    });
    expect((await ask('/healthz')).status).toBe(200);
    const sessions = await ask('/v1/sessions');
    expect([sessions.status, sessions.headers.get('retry-after')]).toEqual([503, '5']);
    const metrics = await (await ask('/metrics')).text();
    expect(metrics).toContain('recording_ledger_spooling 1');
    expect(metrics).toContain(`recording_ledger_spool_entries ${entries}`);
    const ops = (path: string): Promise<Response> => fetchDocumented(`http://127.0.0.1:${opsPort}${path}`);
    expect(await (await ops('/metrics')).text()).toMatch(/recording_ledger_spool_oldest_seconds [\d.]*[1-9]/);
    expect(await (await ops('/readyz')).json()).toMatchObject({ status: 'ready', spool: { entries: Number(entries) } });
    await setReachable(true);
    await service.says(/service\.started/);
    await spoolIsDrained(service);
    expect((await ask('/readyz')).status).toBe(200);
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });

  it('does not start degraded for a database that this machine never reached, and says what is wrong', async () => {
    await setReachable(false);
    await expect(startReceiver()).rejects.toThrow(/DATABASE_URL/);
  });

  it('answers in time while another transaction locks the evidence for 30 s', async () => {
    const service = await startReceiver();
    const posted = startPostingHere();
    await pause(500);
    await inDatabase(database.url, async (client) => {
      await client.query('begin');
      await client.query('lock table notices in access exclusive mode');
      await pause(30_000);
      await client.query('rollback');
    });
    await spoolIsDrained(service);
    await posted.stop();
    expect(Object.keys(posted.statuses())).toEqual(['200']);
    expect(posted.slowestMs()).toBeLessThan(8_000);
    service.kill('SIGTERM');
    await service.ended;
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });

  it('keeps what comes while the disk of Postgres is full', async () => {
    const service = await startReceiver();
    const posted = startPostingHere();
    await pause(500);
    await inDatabase(database.url, (client) =>
      client.query(`create function full_disk() returns trigger language plpgsql as $$
        begin raise exception using errcode = '53100', message = 'could not extend file: No space left on device'; end $$;
        create trigger full_disk before insert on notice_identities execute function full_disk()`),
    );
    await service.says(/receiver\.spooling/);
    await pause(1_000);
    await inDatabase(database.url, (client) => client.query('drop trigger full_disk on notice_identities'));
    await spoolIsDrained(service);
    await posted.stop();
    expect(Object.keys(posted.statuses())).toEqual(['200']);
    service.kill('SIGTERM');
    await service.ended;
    expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
  });

  it('keeps what comes while Postgres has no connection left for it', async () => {
    const settings = { max_connections: '40', fsync: 'off' };
    const postgres = await startEmbeddedPostgres({ dataDir: folder, log: () => undefined, settings });
    await migrate(postgres.url);
    const service = await startReceiver('receiver', postgres.url);
    const posted = startPostingHere();
    await pause(500);
    const { giveBack } = await takeAllConnections(postgres.url);
    await service.says(/receiver\.spooling/);
    const before = posted.acknowledged().length;
    await pause(1_500);
    expect(posted.acknowledged().length).toBeGreaterThan(before + 100);
    // Meanwhile it may have got a connection for a moment, and lost it again in the middle of a drain.
    const since = service.output().length;
    await giveBack();
    await spoolIsDrained(service, since);
    await posted.stop();
    expect(Object.keys(posted.statuses())).toEqual(['200']);
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(await compare(posted.acknowledged(), postgres.url)).toEqual({ missing: 0, double: 0 });
    await postgres.stop();
  });
});

/** Waits for so many more answers with this status. */
function answersOf(posted: Posting, deadlineMs: number) {
  return async (status: number, more: number): Promise<void> => {
    const times = (): number => posted.statuses()[String(status)] ?? 0;
    const before = times();
    await waitFor(() => times() >= before + more, { deadlineMs, what: `${String(more)} answers ${String(status)}` });
  };
}

describeWithSmallDisk('a receiver on a small disk', () => {
  it('keeps what comes while not a byte can be written to that of its Postgres, and hands it over when there is room', async () => {
    const disk = mountSmallDisk(join(folder, 'disk'), 384);
    const postgres = await startEmbeddedPostgres({ dataDir: disk.folder, log: () => undefined, settings: {} });
    try {
      await migrate(postgres.url);
      const service = await startReceiver('receiver', postgres.url);
      const posted = startPostingHere();
      await pause(500);
      await disk.fill();
      await service.says(/receiver\.spooling/);
      const before = posted.acknowledged().length;
      await pause(1_500);
      expect(posted.acknowledged().length).toBeGreaterThan(before + 100);
      disk.free();
      await spoolIsDrained(service);
      await posted.stop();
      expect(Object.keys(posted.statuses())).toEqual(['200']);
      expect(await stopped(service)).toEqual({ code: 0, signal: null });
      expect(await compare(posted.acknowledged(), postgres.url)).toEqual({ missing: 0, double: 0 });
    } finally {
      disk.free();
      await postgres.stop();
      disk.close();
    }
  });

  it('answers 503 while that of its spool is full too, loses nothing it acknowledged, and finds Postgres again by itself', async () => {
    const disk = mountSmallDisk(join(folder, 'disk'), 8);
    try {
      const service = await startReceiverProcess({ databaseUrl: database.url, spoolDir: disk.folder, port });
      const posted = startPostingHere();
      const answered = answersOf(posted, 10_000);
      await answered(200, 50);
      await setReachable(false);
      await service.says(/receiver\.spooling/);
      await disk.fill();
      await answered(503, 50);
      disk.free();
      await answered(200, 50);
      await disk.fill();
      await answered(503, 50);
      await setReachable(true);
      await service.says(/receiver\.storing_again/);
      await answered(200, 50);
      disk.free();
      await spoolIsDrained(service);
      await posted.stop();
      expect(Object.keys(posted.statuses()).sort()).toEqual(['200', '503']);
      expect(await stopped(service)).toEqual({ code: 0, signal: null });
      expect(await compare(posted.acknowledged(), database.url)).toEqual({ missing: 0, double: 0 });
    } finally {
      await endProcesses();
      disk.close();
    }
  });

  it('with its own Postgres and its spool there, answers 503 while it is full, and goes on by itself with all it acknowledged', async () => {
    const disk = mountSmallDisk(join(folder, 'disk'), 384);
    try {
      const apiPort = String(await freePort('127.0.0.1'));
      const own = { DATABASE_URL: '', SPOOL_DIR: '', DATA_DIR: disk.folder, API_PORT: apiPort };
      const service = await startReceiver('receiver,api,jobs', '', own);
      const posted = startPostingHere();
      const answered = answersOf(posted, 30_000);
      await answered(200, 200);
      await disk.fill();
      await answered(503, 200);
      await pause(3_000);
      disk.free();
      await answered(200, 200);
      await posted.stop();
      const isDrained = async (): Promise<boolean> => {
        const ready = await fetchDocumented(`http://127.0.0.1:${apiPort}/readyz`);
        const { spool } = (await ready.json()) as { spool: { entries: number } | null };
        return ready.ok && spool?.entries === 0;
      };
      await waitFor(isDrained, { deadlineMs: 20_000, what: 'the spool to be drained' });
      expect(await stopped(service)).toEqual({ code: 0, signal: null });
      const postgres = await startEmbeddedPostgres({ dataDir: disk.folder, log: () => undefined, settings: {} });
      expect(await compare(posted.acknowledged(), postgres.url)).toEqual({ missing: 0, double: 0 });
      await postgres.stop();
    } finally {
      await endProcesses();
      disk.close();
    }
  });
});
