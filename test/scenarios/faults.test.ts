import { jest } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NO_FAULTS } from '../../src/simulator/fake-agora.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { elapsed, expectPerfect } from '../support/run.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(150_000);

const leftovers = clearAfterEach();

const NCS_SECRET = 'faults-ncs';

/** Two accounts: the world's own, and one whose credentials are wrong. */
async function accountsFile(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'recording-ledger-accounts-'));
  leftovers.push(() => rm(folder, { recursive: true }));
  const account = (name: string, customerSecret: string) => ({
    name,
    customerId: name,
    customerSecret,
    qps: 10,
    apps: [{ appId: name, ncsSecrets: [NCS_SECRET] }],
  });
  const file = path.join(folder, 'accounts.json');
  const accounts = [account('bad', 'wrong'), account('world', 'world-secret')];
  await writeFile(file, JSON.stringify({ accounts }));
  return file;
}

async function registerWithBadAccount(apiUrl: string): Promise<void> {
  const body = { appId: 'bad', resourceId: 'r', mode: 'mix', cname: 'c', uid: '1' };
  const response = await fetchDocumented(`${apiUrl}/v1/sessions/${'b'.repeat(32)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
}

describe('an Agora in trouble', () => {
  it('slow, resetting, failing, throttling, its first domain dead, beside a bad account: the truth is found all the same', async () => {
    const database = await createTestDatabase();
    leftovers.push(database.drop);
    const run = { sessions: 20, seconds: 66, settlingSeconds: 30 };
    const world = await openWorld({
      ...run,
      seed: 21,
      secret: NCS_SECRET,
      env: {
        DATABASE_URL: database.url,
        AGORA_APP_ID: '',
        AGORA_CUSTOMER_ID: '',
        AGORA_CUSTOMER_SECRET: '',
        AGORA_NCS_SECRET: '',
        AGORA_CONFIG_FILE: await accountsFile(),
        QUERY_TIMEOUT_MS: '5000',
      },
      baseUrls: (agoraUrl) => `http://127.0.0.1:9,${agoraUrl}`,
    });
    leftovers.unshift(world.close);
    const service = await world.startProcess('receiver,api,jobs');
    await registerWithBadAccount(world.apiUrl);
    await elapsed(world, 6);
    world.agora.setFaults({ latencyMs: 2_000 });
    await elapsed(world, 13);
    world.agora.setFaults({
      ...NO_FAULTS,
      serverError: 0.3,
      html: 0.1,
      reset: 0.2,
      incomplete: 0.1,
    });
    await elapsed(world, 24);
    world.agora.setFaults({ ...NO_FAULTS, throttleAll: true, retryAfterSeconds: 1 });
    await elapsed(world, 30);
    world.agora.setFaults(NO_FAULTS);
    await expectPerfect(world, run.sessions);
    expect(world.agora.log.byStatus()).toMatchObject({
      200: expect.any(Number),
      401: expect.any(Number),
      429: expect.any(Number),
      504: expect.any(Number),
      reset: expect.any(Number),
    });
    expect(service.output()).toMatch(/account\.refused/);
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });
});
