import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { at } from '../support/builders.js';
import { NCS_SECRET, signed, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

let service: TestService;
let pool: pg.Pool;
let folder: string;

/** Two apps of one account that share a secret, and one of another account that has the same. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-apps-'));
  const apps = (...appIds: string[]) => appIds.map((appId) => ({ appId, ncsSecrets: ['shared'] }));
  const account = (name: string, ...appIds: string[]) => ({
    name,
    customerId: name,
    customerSecret: 's',
    apps: apps(...appIds),
  });
  const file = join(folder, 'accounts.json');
  await writeFile(file, JSON.stringify({ accounts: [account('two', 'first', 'second'), account('one', 'stranger')] }));
  service = await startTestService({ AGORA_CONFIG_FILE: file, AGORA_NCS_SECRET: NCS_SECRET });
  pool = new pg.Pool({ connectionString: service.database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await service.close();
  await rm(folder, { recursive: true });
});

async function post(sid: string, path: string): Promise<void> {
  const payload = { cname: 'c', uid: '1', sid, sequence: 1, sendts: at(1), serviceType: 1, details: { status: 0 } };
  const body = { noticeId: `of ${sid}`, productId: 3, eventType: 40, notifyMs: at(1), payload };
  const bytes = Buffer.from(JSON.stringify(body));
  expect((await service.receiver(path, bytes, signed(bytes, 'shared'))).status).toBe(200);
}

async function notices(sid: string): Promise<any> {
  return waitFor(
    async () => {
      const { status, body } = await service.api('GET', `/v1/sessions/${sid}`);
      return status === 200 && body.notices.deliveries === 2 ? body.notices : null;
    },
    { deadlineMs: 5_000, what: 'both deliveries' },
  );
}

test('an event that comes through the addresses of two apps of one account is one', async () => {
  await post('same', '/ncs/second');
  await post('same', '/ncs'); // the first whose secret fits
  expect(await notices('same')).toMatchObject({ events: 1, duplicates: 1 });
  const { rows } = await pool.query(`select app_id from notices where sid = 'same'`);
  expect(rows).toEqual([{ app_id: 'second' }]);
  const { body } = await service.api('GET', '/v1/sessions/same/timeline');
  expect(body.timeline).toMatchObject([{ kind: 'recorder_started', deliveries: 2 }]);
});

test('an event that comes to an app of another account is another one', async () => {
  await post('other', '/ncs/first');
  await post('other', '/ncs/stranger');
  expect(await notices('other')).toMatchObject({ events: 2, duplicates: 0 });
});
