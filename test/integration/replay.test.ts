import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { startNode } from '../support/processes.js';
import { SAMPLES, sampleNotification } from '../support/samples.js';
import { APP, NCS_SECRET, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

let service: TestService;
let folder: string;
let client: pg.Client;

beforeAll(async () => {
  service = await startTestService(RULES);
  folder = await mkdtemp(path.join(tmpdir(), 'recording-ledger-replay-'));
  client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await service.close();
  await rm(folder, { recursive: true, force: true });
});

/** The service and the command judge by the same rules. */
const RULES = { REORDER_GRACE_MS: '100' };

async function run(...args: string[]): Promise<string> {
  const command = startNode(['dist/cli/main.js', ...args], {
    env: {
      ...RULES,
      DATABASE_URL: service.database.url,
      AGORA_APP_ID: APP,
      AGORA_CUSTOMER_ID: 'c',
      AGORA_CUSTOMER_SECRET: 's',
      AGORA_NCS_SECRET: NCS_SECRET,
    },
  });
  expect(await command.ended).toMatchObject({ code: 0 });
  return command.output();
}

it('sends recorded deliveries to the receiver, and stores nothing twice when run again', async () => {
  const file = path.join(folder, 'deliveries.ndjson');
  const bodies = SAMPLES.scenarios.find(({ id }) => id === 'happy-mix')?.notifications ?? [];
  const lines = bodies.map((id, index) => {
    const raw = JSON.stringify(sampleNotification(id));
    return index % 2 === 0 ? raw : JSON.stringify({ appId: APP, raw });
  });
  await writeFile(file, lines.join('\n'));
  const url = `http://127.0.0.1:${String(service.app.receiverPort)}`;
  for (let times = 0; times < 2; times += 1) {
    expect(await run('replay', file, '--url', url)).toContain(
      `${String(bodies.length)} deliveries replayed: ${String(bodies.length)} × 200`,
    );
  }
  const session = await waitFor(
    async () => {
      const { body } = await service.api('GET', '/v1/sessions/8f2c1a7e54b94d0c9a3e6b1f70d2c845');
      return body.notices?.deliveries === 2 * bodies.length && body;
    },
    { deadlineMs: 5_000, what: 'the session' },
  );
  expect(session).toMatchObject({ state: 'ended', notices: { events: bodies.length } });
});

it('stores what was quarantined and can be read now, once, with its original time of receipt', async () => {
  const raw = Buffer.from(JSON.stringify(sampleNotification('ev71-ok')));
  const receivedAt = new Date('2026-03-02T11:00:00.000Z');
  const insert = `insert into quarantined_bodies (app_id, digest, raw, reason, received_at) values ($1, gen_random_uuid(), $2, 'a reason of an older decoder', $3)`;
  await client.query(insert, [APP, raw, receivedAt]);
  await client.query(insert, [APP, Buffer.from('not JSON'), receivedAt]);
  const output = await run('replay', '--quarantine');
  expect(output).toContain('1 quarantined bodies taken in.');
  expect(output).toContain('1 stay: the body is not JSON');
  expect(await run('replay', '--quarantine')).toContain('0 quarantined bodies taken in.');
  const { body } = await service.api('GET', '/v1/sessions/1d4e7ba2960c4f3fb8e2d75c0a61f938');
  expect(body).toMatchObject({ state: 'stopping', notices: { events: 1, lastAt: receivedAt.toISOString() } });
});

it('refolds everything, says what changed and how, and touches no evidence', async () => {
  const evidence = async (): Promise<unknown> => (await client.query('select * from notices order by event_key')).rows;
  const before = await evidence();
  const isQuiet = async (): Promise<boolean> => (await client.query('select from session_alarms')).rowCount === 0;
  await waitFor(isQuiet, { deadlineMs: 5_000, what: 'the last alarm' });
  await client.query(
    `update sessions set session = jsonb_set(session, '{serviceStatus}', '42') where sid = '8f2c1a7e54b94d0c9a3e6b1f70d2c845'`,
  );
  const output = await run('refold');
  expect(output).toContain('2 sessions refolded, 1 changed.');
  expect(output).toMatch(/8f2c1a7e54b94d0c9a3e6b1f70d2c845.*serviceStatus.*42/);
  expect(await evidence()).toEqual(before);
  expect(await run('refold')).toContain('0 changed.');
});

it('reports files, gaps, delivery quality and query usage by SQL, to the reader role', async () => {
  await client.query('set role recording_reader');
  const rows = async (sql: string): Promise<any[]> => (await client.query(sql)).rows;
  expect(await rows('select name, kind, sources from reporting.files order by name')).toEqual(
    expect.arrayContaining([expect.objectContaining({ kind: 'playlist', sources: ['notice:31', 'notice:4'] })]),
  );
  const gaps = await rows('select missing::int from reporting.gaps order by revealed_at');
  expect(gaps.length).toBeGreaterThan(0);
  const quality = await rows(
    'select sum(events)::int as events, sum(deliveries)::int as deliveries, sum(duplicates)::int as duplicates, sum(lost)::int as lost from reporting.delivery_quality_daily',
  );
  expect(quality).toEqual([{ events: 10, deliveries: 19, duplicates: 9, lost: expect.any(Number) }]);
  expect(await rows('select * from reporting.query_usage_hourly')).toEqual([]);
  await client.query('reset role');
});
