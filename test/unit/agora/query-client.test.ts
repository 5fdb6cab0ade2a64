import { outcomeOfResponse } from '../../../src/agora/outcome-of-response.js';
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
const realNow = Date.now;

beforeEach(() => {
  Date.now = () => nowMs; // the breakers' clock
});
afterEach(async () => {
  Date.now = realNow;
  await client.close();
  await Promise.all([first.close(), second.close()]);
});

async function kind(): Promise<unknown> {
  const answer = await client.query(TARGET);
  if (answer === 'unreachable') return answer;
  const { outcome } = answer;
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

it('asks no address that another one would come of', async () => {
  for (const field of ['appId', 'resourceId', 'sid', 'mode']) {
    for (const part of ['.', '..', '']) {
      const answer = await client.query({ ...TARGET, [field]: part });
      if (answer === 'unreachable') throw new Error('it could be reached');
      const { outcome, httpStatus: status, body } = answer;
      expect(outcome).toMatchObject({ kind: 'bad_request', reason: expect.stringContaining(`"${part}"`) }); // prettier-ignore
      const readBack = outcomeOfResponse({ status: status ?? 0, headers: {}, body: body ?? '', nowMs: unixMs(0) }); // prettier-ignore
      expect(readBack).toEqual(outcome);
    }
  }
  expect(first.requests).toEqual([]);
  const odd = ['%2e%2e', '..%2f', '%2E', '...', 'a\\..\\b', '/../', '?', '#', '\u2024\u2024'];
  for (const sid of odd) await client.query({ ...TARGET, sid });
  const paths = first.requests.map(({ path }) => path.split('/').slice(0, 6).join('/'));
  expect(paths).toEqual(odd.map(() => '/v1/apps/app/cloud_recording/resourceid'));
});

it('keeps the raw body, and when it asked and was answered', async () => {
  first.answerWith(GONE);
  expect(await client.query(TARGET)).toEqual({
    askedMs: nowMs,
    answeredMs: nowMs,
    outcome: { kind: 'not_found' },
    httpStatus: 404,
    body: '{"code":404,"reason":"failed to find worker"}',
    usedUpForMs: null,
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

const askTimes = async (times: number): Promise<void> => {
  for (let n = 0; n < times; n += 1) await kind();
};

it('turns to the other host after three failures, and comes back when its time is over', async () => {
  first.answerWith({ status: 503, body: '' });
  second.answerWith(ALIVE);
  await askTimes(3);
  expect(await kind()).toBe('answered');
  expect([first.requests.length, second.requests.length]).toEqual([3, 1]);
  first.answerWith(ALIVE);
  nowMs += 1_000;
  await askTimes(2);
  expect(first.requests).toHaveLength(5);
});

it('forgives single failures', async () => {
  for (const answer of [ALIVE, 'reset', 'reset', ALIVE, 'reset', 'reset', ALIVE] as const) {
    first.answerWith(answer);
    await kind();
  }
  expect(second.requests).toHaveLength(0);
});

it('leaves a host alone for longer, the more often it failed in a row, after one try each time', async () => {
  first.answerWith({ status: 503, body: '' });
  second.answerWith(ALIVE);
  await askTimes(5);
  for (const waitMs of [1_000, 3_000]) {
    nowMs += waitMs;
    await askTimes(3);
  }
  expect(first.requests).toHaveLength(5);
  nowMs += 5_999;
  await kind();
  expect(first.requests).toHaveLength(5);
  nowMs += 1;
  await kind();
  expect(first.requests).toHaveLength(6);
});

it('asks nothing while every host is left alone, and says for how long', async () => {
  for (const host of [first, second]) host.answerWith('reset');
  await askTimes(6);
  expect(await kind()).toBe('unreachable');
  expect([first.requests.length, second.requests.length]).toEqual([3, 3]);
  expect(client.unreachableForMs()).toBe(1_000);
  nowMs += 1_000;
  first.answerWith(ALIVE);
  expect(client.unreachableForMs()).toBe(0);
  expect(await kind()).toBe('answered');
});

it('tells when an answer says that this window is used up', async () => {
  const used = async (headers: Record<string, string>): Promise<unknown> => {
    first.answerWith({ status: 200, body: { serverResponse: {} }, headers });
    const answer = await client.query(TARGET);
    return answer === 'unreachable' ? answer : answer.usedUpForMs;
  };
  expect(await used({})).toBeNull();
  expect(await used({ 'ratelimit-remaining': '3', 'ratelimit-reset': '1' })).toBeNull();
  expect(await used({ 'ratelimit-remaining': '0', 'ratelimit-reset': '2' })).toBe(2_000);
  expect(await used({ 'x-ratelimit-remaining-second': '0' })).toBe(1_000);
});
