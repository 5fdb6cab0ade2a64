import { createQueryClient, type QueryClient } from '../../../src/agora/query-client.js';
import { unixMs } from '../../../src/evidence/instant.js';
import { ALIVE, GONE, startStubAgora, type StubAgora } from '../../support/stub-agora.js';

const TARGET = {
  customerId: 'customer',
  customerSecret: 'secret:with colon',
  appId: 'app',
  resourceId: 'resource/with slash+',
  sid: 'sid',
  mode: 'mix',
};

let first: StubAgora;
let second: StubAgora;
let client: QueryClient;
let nowMs: number;

beforeEach(async () => {
  [first, second] = [await startStubAgora(), await startStubAgora()];
  nowMs = 1_772_450_000_000;
  client = createQueryClient({
    baseUrls: [first.url, second.url],
    timeoutMs: 200,
    now: () => unixMs(nowMs),
  });
});
afterEach(async () => {
  await client.close();
  await Promise.all([first.close(), second.close()]);
});

async function kind(): Promise<unknown> {
  const { outcome } = await client.query(TARGET);
  return outcome.kind === 'unavailable' ? outcome.reason : outcome.kind;
}

it('asks the documented path, with the account as Basic auth, in one request', async () => {
  first.answerWith(ALIVE);
  expect(await kind()).toBe('answered');
  expect(first.requests).toEqual([
    {
      path: '/v1/apps/app/cloud_recording/resourceid/resource%2Fwith%20slash%2B/sid/sid/mode/mix/query',
      authorization: `Basic ${Buffer.from('customer:secret:with colon').toString('base64')}`,
      atMs: expect.any(Number) as number,
    },
  ]);
});

it('keeps the raw body, and when it asked and was answered', async () => {
  first.answerWith(GONE);
  expect(await client.query(TARGET)).toEqual({
    askedMs: nowMs,
    answeredMs: nowMs,
    outcome: { kind: 'not_found' },
    httpStatus: 404,
    body: '{"code":404,"reason":"failed to find worker"}',
  });
});

it('makes a value of every failure: silence, a reset, half an answer, nobody there', async () => {
  first.answerWith('never');
  expect(await kind()).toBe('timeout');
  nowMs += 60_000;
  first.answerWith('reset');
  expect(await kind()).toBe('network');
  nowMs += 60_000;
  first.answerWith('half');
  expect(await kind()).toBe('network');
  nowMs += 60_000;
  first.answerWith({ status: 200, body: 'x'.repeat(1_100_000) });
  expect(await kind()).toBe('network');
});

it('retries nothing itself: the pace counts requests', async () => {
  first.answerWith({ status: 500, body: {} });
  await kind();
  expect(first.requests).toHaveLength(1);
  expect(second.requests).toHaveLength(0);
});

it('turns to the other host while the first fails, and comes back when its time is over', async () => {
  first.answerWith({ status: 503, body: '' });
  second.answerWith(ALIVE);
  await kind();
  expect(await kind()).toBe('answered');
  expect(second.requests).toHaveLength(1);
  first.answerWith(ALIVE);
  nowMs += 1_000;
  await kind();
  expect(first.requests).toHaveLength(2);
});

it('leaves a host alone for longer, the more often it failed in a row', async () => {
  first.answerWith({ status: 503, body: '' });
  second.answerWith(ALIVE);
  for (const waitMs of [0, 1_000, 3_000]) {
    nowMs += waitMs;
    await kind();
  }
  nowMs += 5_999;
  await kind();
  expect(first.requests).toHaveLength(3);
  nowMs += 1;
  await kind();
  expect(first.requests).toHaveLength(4);
});

it('asks the host that is back soonest when all of them fail', async () => {
  for (const host of [first, second]) host.answerWith('reset');
  await kind();
  nowMs += 500;
  await kind();
  nowMs += 400;
  await kind();
  expect([first.requests.length, second.requests.length]).toEqual([2, 1]);
});
