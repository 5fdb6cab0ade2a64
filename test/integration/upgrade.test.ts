import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { parseConfig } from '../../src/config/parse-config.js';
import { readLedgerId } from '../../src/db/connection/database.js';
import { readReleasedSchemas } from '../../src/db/migrations/landed-migrations.js';
import { migrate } from '../../src/db/migrations/migrate.js';
import { prismaFolder, readMigrations } from '../../src/db/migrations/migrations-folder.js';
import { ensurePartitions } from '../../src/db/migrations/partitions.js';
import { freePort } from '../../src/embedded/free-port.js';
import { unixMs } from '../../src/evidence/instant.js';
import { createLogger } from '../../src/observability/create-logger.js';
import { createMetrics } from '../../src/observability/metrics.js';
import { listenForNotices, openReceiverIntake } from '../../src/start/start-receiver.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { inDatabase } from '../support/acknowledged.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import {
  fillTables,
  findLost,
  findUnwritable,
  findVanished,
  readTables,
  type TableContent,
} from '../support/filled-tables.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startPosting, type Posting } from '../support/posting.js';
import { CRASH_APP, CRASH_SECRET, startReceiverProcess } from '../support/receiver-process.js';
import { waitFor } from '../support/wait-for.js';

const leftovers = clearAfterEach();

const MIGRATIONS = join(prismaFolder(), 'migrations');
const names = (await readMigrations(MIGRATIONS)).map(({ name }) => name);
const released = await readReleasedSchemas();

/** Schemas as they were, by the migrations that made them; every release to come is one of them by itself. */
const OLD_SCHEMAS: readonly (readonly [string, readonly string[]])[] = [
  ['the very first schema', names.slice(0, 1)],
  ['the schema from before slots were held', names.filter((name) => name < '20261125')],
  ...released.map(
    ({ release, migrations }) => [`the schema of release ${release}`, migrations.map(({ name }) => name)] as const,
  ),
];

/** From there on whoever saves a session counts it. */
const KEPT_COUNTS = '20261128140000_kept_counts';

/** A receiver that is locked out this long has gone over to its spool. */
const NOTICEABLE_MS = 3_000;

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-upgrade-'));
  leftovers.push(database.drop, () => rm(folder, { recursive: true }));
});

describe.each(OLD_SCHEMAS)('a ledger that is upgraded from %s', (_, oldNames) => {
  it('goes on receiving meanwhile, keeps all that it holds, and works with it', async () => {
    await makeOldLedger(oldNames);
    const before = await inDatabase(database.url, readTables);
    const posting = await startOldReceiver();
    await acknowledges(posting, 50);
    const { applied } = await migrate(database.url);
    expect(applied).toEqual(names.filter((name) => !oldNames.includes(name)));
    await acknowledges(posting, 50);
    await posting.stop();
    expect(Object.keys(posting.statuses())).toEqual(['200']);
    expect(posting.slowestMs()).toBeLessThan(NOTICEABLE_MS);
    await waitFor(async () => (await countMissing(posting)) === 0, {
      deadlineMs: 10_000,
      what: 'what was acknowledged',
    });
    await expectKept(before, oldNames);
    if (!oldNames.includes(KEPT_COUNTS)) await expectCounted();
    await expectWorking();
  });
});

async function makeOldLedger(oldNames: readonly string[]): Promise<void> {
  const migrationsDir = join(folder, 'migrations');
  for (const name of oldNames) {
    await mkdir(join(migrationsDir, name), { recursive: true });
    await cp(join(MIGRATIONS, name), join(migrationsDir, name), { recursive: true });
  }
  await migrate(database.url, { migrationsDir });
  const pool = new pg.Pool({ connectionString: database.url });
  await ensurePartitions(pool, unixMs(Date.now())).finally(() => pool.end());
  await inDatabase(database.url, async (client) => {
    await declareKnownBreaking(client, oldNames[0] ?? '');
    await fillTables(client);
  });
}

/** Made-up names there would be migrations of a release that nobody knows. */
async function declareKnownBreaking(client: pg.Client, name: string): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('breaking_migrations') is not null as there`,
  );
  if (rows[0]?.there !== true) return;
  await client.query(`insert into breaking_migrations (migration_name, reason) values ($1, 'it broke')`, [name]);
}

/**
 * A receiver by its parts, which need no more than the first schema. The code is of today: what an
 * earlier release would do that today's does not, is left to what `expectKept` asks of every migration.
 */
async function startOldReceiver(): Promise<Posting> {
  const log = createLogger('silent');
  const metrics = createMetrics();
  const config = receiverConfig();
  const ledgerId = await inDatabase(database.url, readLedgerId);
  const intake = await openReceiverIntake({
    config,
    url: database.url,
    ledgerId,
    shard: 1,
    wakeFolding: () => undefined,
    log,
    metrics,
    traces: null,
  });
  leftovers.unshift(() => intake.close());
  const now = (): ReturnType<typeof unixMs> => unixMs(Date.now());
  const nowhere = { onRejected: () => undefined, onArrived: () => undefined };
  const listener = await listenForNotices(config, { intake, ...nowhere, now, log, metrics, traces: null }, null);
  leftovers.unshift(() => listener.close());
  const posting = startPosting(`http://127.0.0.1:${String(listener.port)}/ncs/${CRASH_APP}`, CRASH_SECRET, 4);
  leftovers.unshift(posting.stop);
  return posting;
}

function receiverConfig(): Parameters<typeof openReceiverIntake>[0]['config'] {
  const parsed = parseConfig({
    ROLES: 'receiver',
    DATABASE_URL: database.url,
    SPOOL_DIR: folder,
    RECEIVER_HOST: '127.0.0.1',
    RECEIVER_PORT: '0',
    AGORA_APP_ID: CRASH_APP,
    AGORA_CUSTOMER_ID: 'crash',
    AGORA_CUSTOMER_SECRET: 'crash',
    AGORA_NCS_SECRET: CRASH_SECRET,
  });
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.config;
}

async function acknowledges(posting: Posting, more: number): Promise<void> {
  const goal = posting.acknowledged().length + more;
  await waitFor(() => posting.acknowledged().length >= goal, { deadlineMs: 10_000 });
}

/** Of the acknowledged ones, those that are not in the ledger exactly once. */
async function countMissing(posting: Posting): Promise<number> {
  return inDatabase(database.url, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from unnest($1::text[]) as told
       where (select count(*) from notices where notices.notice_id = told) <> 1`,
      [posting.acknowledged()],
    );
    return rows[0]?.n ?? -1;
  });
}

/**
 * What was kept is kept, and what was written before can be written still, but for what a migration says that it
 * breaks; and each of those says so under its own name.
 */
async function expectKept(before: readonly TableContent[], oldNames: readonly string[]): Promise<void> {
  await inDatabase(database.url, async (client) => {
    const vanished = await findVanished(client, before);
    const { rows } = await client.query<{ migration_name: string }>('select migration_name from breaking_migrations');
    const breaking = rows.map((row) => row.migration_name).filter((name) => !oldNames.includes(name));
    expect(names).toEqual(expect.arrayContaining(breaking));
    if (breaking.length === 0) {
      expect(vanished).toEqual([]);
      expect(await findUnwritable(client, before)).toEqual([]);
    }
    expect(await findLost(client, before, vanished)).toEqual([]);
  });
}

/** What an earlier release saved is counted by the migration. */
async function expectCounted(): Promise<void> {
  await inDatabase(database.url, async (client) => {
    const { rows } = await client.query<{ state: string; there: string; counted: string | null }>(
      `select sessions.state, count(*) as there,
              (select sum(value) from counters where counters.name = 'sessions_' || sessions.state) as counted
       from sessions group by sessions.state`,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { there, counted } of rows) expect(counted).toBe(there);
  });
}

/** The newest release starts on it, folds what came meanwhile, and its API and views read all of it. */
async function expectWorking(): Promise<void> {
  const [port, apiPort] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const spoolDir = join(folder, 'spool');
  const service = await startReceiverProcess({ databaseUrl: database.url, spoolDir, port }, 'receiver,api,jobs', {
    API_PORT: String(apiPort),
  });
  const session = `http://127.0.0.1:${String(apiPort)}/v1/sessions/${'1'.padStart(32, 'c')}`;
  await waitFor(async () => (await fetchDocumented(session)).status === 200, { deadlineMs: 15_000, what: session });
  expect(await (await fetchDocumented(session)).json()).toMatchObject({ cname: 'c', appId: CRASH_APP });
  await inDatabase(database.url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.views where table_schema = 'reporting'`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(6);
    for (const { name } of rows) await client.query(`select * from reporting."${name}"`);
  });
  service.kill('SIGTERM');
  expect(await service.ended).toEqual({ code: 0, signal: null });
}
