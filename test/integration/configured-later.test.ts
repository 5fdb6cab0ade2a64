import { request } from 'undici';
import { startApp, type App } from '../../src/app.js';
import { parseConfig } from '../../src/config/parse-config.js';
import { createLogger } from '../../src/observability/create-logger.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { ALIVE, startStubAgora, type StubAgora } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

let database: TestDatabase;
let agora: StubAgora;
beforeAll(async () => {
  [database, agora] = await Promise.all([createTestDatabase(), startStubAgora()]);
  agora.answerWith(ALIVE);
});
afterAll(async () => {
  await agora.close();
  await database.drop();
});

function start(appId: string): Promise<App> {
  const parsed = parseConfig({
    DATABASE_URL: database.url,
    ROLES: 'api,jobs',
    API_PORT: '0',
    OPS_PORT: '0',
    AGORA_APP_ID: appId,
    AGORA_CUSTOMER_ID: 'customer',
    AGORA_CUSTOMER_SECRET: 'secret',
    AGORA_NCS_SECRET: 'ncs',
    AGORA_BASE_URLS: agora.url,
    START_CHECK_AFTER_MS: '100',
  });
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return startApp(parsed.config, createLogger('silent'));
}

async function session({ apiPort }: App, told?: object): Promise<any> {
  const { body } = await request(`http://127.0.0.1:${String(apiPort)}/v1/sessions/late`, {
    method: told === undefined ? 'GET' : 'PUT',
    headers: { 'content-type': 'application/json' },
    body: told === undefined ? null : JSON.stringify(told),
  });
  return body.json();
}

test('a session whose app is configured later is asked about as soon as a start has it', async () => {
  const before = await start('other-app');
  const startedAt = new Date().toISOString();
  const told = { appId: 'late-app', resourceId: 'r', mode: 'mix', cname: 'c', uid: '1', startedAt };
  expect(await session(before, told)).toMatchObject({ queryable: false, findings: [{ code: 'app_not_configured' }] });
  await before.stop();
  const after = await start('late-app');
  try {
    const asked = await waitFor(
      async () => {
        const found = await session(after);
        return found.observations.count > 0 ? found : null;
      },
      { deadlineMs: 10_000, what: 'an answer' },
    );
    expect(asked).toMatchObject({ queryable: true, findings: [], state: 'recording' });
  } finally {
    await after.stop();
  }
});
