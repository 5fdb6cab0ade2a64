import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inDatabase } from '../support/acknowledged.js';
import { startTestService, type TestService } from '../support/service.js';
import { ALIVE, type StubAnswer } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

const REFUSED: StubAnswer = {
  status: 401,
  body: { message: 'Invalid authentication credentials' },
};
const FAST = {
  START_CHECK_AFTER_MS: '50',
  ROUTINE_INTERVAL_MS: '1500',
  RETRY_BACKOFF_MS: '300',
  QUERY_TIMEOUT_MS: '500',
};
/** No setting of the one-app case: the accounts stand in the file. */
const NO_APP = { AGORA_APP_ID: '', AGORA_CUSTOMER_ID: '', AGORA_CUSTOMER_SECRET: '', AGORA_NCS_SECRET: '' };

let service: TestService;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'recording-ledger-apps-'));
  const file = path.join(folder, 'accounts.json');
  const apps = ['good', 'other', 'foreign'].map((appId) => ({ appId, ncsSecrets: ['secret'] }));
  const account = { name: 'main', customerId: 'c', customerSecret: 's', qps: 20, apps };
  await writeFile(file, JSON.stringify({ accounts: [account] }));
  service = await startTestService({ ...FAST, ...NO_APP, AGORA_CONFIG_FILE: file });
});
afterEach(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

async function register(appId: string, count: number): Promise<string[]> {
  const sids = Array.from({ length: count }, (_, n) => `${appId}-${String(n)}`);
  for (const sid of sids) {
    const body = { appId, resourceId: 'r', mode: 'mix', cname: 'c', uid: '1', startedAt: new Date().toISOString() };
    expect((await service.api('PUT', `/v1/sessions/${sid}`, body)).status).toBe(201);
  }
  return sids;
}

/** Answers of these apps, or of single sessions, are refusals. */
function refuse(...parts: string[]): void {
  service.agora.answerWith((asked) => (parts.some((part) => asked.includes(part)) ? REFUSED : ALIVE));
}

const asked = (part: string): number => service.agora.requests.filter(({ path: of }) => of.includes(part)).length;
const summary = async (): Promise<any> => (await service.api('GET', '/v1/summary')).body;
const refused = async (): Promise<(string | null)[]> => (await summary()).refused.map(({ appId }: any) => appId);

const allAsked = (sids: readonly string[], times: number): Promise<unknown> =>
  waitFor(() => sids.every((sid) => asked(`/sid/${sid}/`) >= times), {
    deadlineMs: 15_000,
    what: `${sids.join(', ')} to be asked about`,
  });

/** As if the last try were a minute ago. */
const aMinuteLater = (): Promise<unknown> =>
  inDatabase(service.database.url, (client) =>
    client.query(
      `update query_pace set tried_at = tried_at - interval '1 minute', paused_until = paused_until - interval '1 minute'`,
    ),
  );

it('one refused app stops no other app, is reported, and is asked about again once it is accepted', async () => {
  refuse('/apps/foreign/');
  const [foreign, good] = [await register('foreign', 6), await register('good', 20)];
  await allAsked(good, 2);
  const before = asked('/apps/foreign/');
  expect(before).toBeLessThanOrEqual(foreign.length);
  await allAsked(good, 4);
  expect(asked('/apps/foreign/')).toBe(before);
  const { refused: told, truth } = await summary();
  expect(told).toEqual([
    { account: 'main', appId: 'foreign', since: expect.any(String), advice: expect.stringContaining('foreign') },
  ]);
  expect(truth.boundMs).toEqual(expect.any(Number));
  const ready = await service.api('GET', '/readyz');
  expect(ready.status).toBe(200);
  expect(ready.body.warnings).toEqual([expect.stringMatching(/foreign.*refused since/)]);
  await aMinuteLater();
  await waitFor(() => asked('/apps/foreign/') === before + 1, { deadlineMs: 5_000 });
  await wait(1_500);
  expect(asked('/apps/foreign/')).toBe(before + 1);
  refuse('nothing');
  await aMinuteLater();
  await allAsked(foreign, 2);
  expect(await refused()).toEqual([]);
  const metrics = async (): Promise<string> => (await service.api('GET', '/metrics')).body;
  const isTold = async (): Promise<boolean> => /_refused_apps\{account="main"\} 0/.test(await metrics());
  await waitFor(isTold, { deadlineMs: 15_000, what: 'no refused app among the metrics' });
  expect(await metrics()).toMatch(/recording_ledger_slots_held\{account="main",by="query"\} \d/);
});

it('one session that is always refused, beside others of its app that are not, does not make the app refused', async () => {
  refuse('/sid/good-3/');
  const [bad = '', ...others] = (await register('good', 8)).sort((sid) => (sid === 'good-3' ? -1 : 1));
  await allAsked(others, 3);
  expect(asked(`/sid/${bad}/`)).toBeGreaterThan(0);
  expect(await refused()).toEqual([]);
});

it('an account is refused when several of its apps are, and then asked once a minute', async () => {
  refuse('/apps/');
  const sids = [...(await register('good', 4)), ...(await register('other', 4))];
  await waitFor(async () => (await refused()).includes(null), { deadlineMs: 15_000 });
  expect((await refused())[0]).toBeNull();
  expect((await summary()).truth.boundMs).toBeNull();
  await wait(500);
  const before = asked('/apps/');
  await wait(2_000);
  expect(asked('/apps/')).toBe(before);
  await aMinuteLater();
  await waitFor(() => asked('/apps/') === before + 1, { deadlineMs: 5_000 });
  await wait(1_500);
  expect(asked('/apps/')).toBe(before + 1);
  refuse('nothing');
  await aMinuteLater();
  await waitFor(async () => !(await refused()).includes(null), { deadlineMs: 5_000 });
  await aMinuteLater();
  await allAsked(sids, 2);
  expect(await refused()).toEqual([]);
});

it('an account all of whose live sessions are of a refused app has no bound', async () => {
  refuse('/apps/foreign/');
  await register('foreign', 3);
  await waitFor(async () => (await refused()).includes('foreign'), { deadlineMs: 15_000 });
  expect((await summary()).truth.boundMs).toBeNull();
});

/** Of the account in the file, once it is in this state. */
async function accountOnce(state: (account: any) => boolean): Promise<{ account: any; truth: any }> {
  return waitFor(
    async () => {
      const { accounts, truth } = await summary();
      const account = accounts.find(({ name }: any) => name === 'main');
      return state(account) && { account, truth };
    },
    { deadlineMs: 15_000, what: 'the state of the account' },
  );
}

const LATELY = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);

it('the live sessions of a refused app are counted as such that cannot be verified, beside why and since when', async () => {
  refuse('/apps/foreign/');
  await register('foreign', 3);
  const others = await register('good', 4);
  await service.api('PUT', '/v1/sessions/nobodys', {
    appId: 'none',
    resourceId: 'r',
    mode: 'mix',
    cname: 'c',
    uid: '1',
  });
  await allAsked(others, 1);
  const { account, truth } = await accountOnce(({ apps }) => apps[2].state === 'refused');
  expect(account).toMatchObject({ state: 'ok', reason: null, since: null });
  expect(account.apps).toMatchObject([
    { appId: 'good', state: 'ok' },
    { appId: 'other', state: 'ok' },
    { appId: 'foreign', state: 'refused', reason: 'unauthorized', since: LATELY, advice: expect.any(String) },
  ]);
  expect(truth.notQueryable).toBe(1);
  expect(truth.notVerifiable).toMatchObject({ notQueryable: 1, paused: 0, unreachable: 0 });
  expect(truth.notVerifiable.refused).toBeGreaterThan(0);
  expect(truth.notVerifiable.sessions).toBe(1 + Number(truth.notVerifiable.refused));
});

it('an account that was told to wait is paused, since then and until when', async () => {
  service.agora.answerWith({ status: 429, body: {}, headers: { 'retry-after': '60' } });
  await register('good', 2);
  const { account } = await accountOnce(({ state }) => state === 'paused');
  expect(account).toMatchObject({ reason: 'throttled', since: LATELY, advice: expect.stringContaining('wait until') });
});

it('one session that always gets a 504 pauses no other session', async () => {
  service.agora.answerWith((of) =>
    of.includes('/sid/good-2/') ? { status: 504, body: { code: 62, reason: 'request timeout' } } : ALIVE,
  );
  const others = (await register('good', 6)).filter((sid) => sid !== 'good-2');
  await waitFor(() => asked('/sid/good-2/') >= 4, { deadlineMs: 15_000, what: 'four failures' });
  const from = performance.now();
  await allAsked(others, Math.max(...others.map((sid) => asked(`/sid/${sid}/`))) + 1);
  expect(performance.now() - from).toBeLessThan(6_000);
});
