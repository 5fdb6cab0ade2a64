import { outcomeOfResponse } from '../../../src/agora/outcome-of-response.js';
import { createQueryClient, type QueryAnswer, type QueryClient } from '../../../src/agora/query-client.js';
import { unixMs } from '../../../src/evidence/instant.js';
import { ALIVE, GONE, startStubAgora, type StubAgora } from '../../support/stub-agora.js';
import { waitFor } from '../../support/wait-for.js';

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
    monotonicMs: () => nowMs,
  });
});
afterEach(async () => {
  await client.close();
  await Promise.all([first.close(), second.close()]);
});

let sessions = 0;

/** Asks about a session that was not asked about before, unless it is given. */
async function ask(
  sid = `s${String((sessions += 1))}`,
  leaveBy = Infinity,
  target = TARGET,
): Promise<QueryAnswer | 'too_late' | 'unreachable'> {
  const permit = client.admit(sid);
  return permit === 'unreachable' ? permit : client.query(target, permit, leaveBy);
}

async function kind(sid?: string): Promise<unknown> {
  const answer = await ask(sid);
  if (typeof answer === 'string') return answer;
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
      method: 'GET',
      body: '',
      headers: expect.any(Array) as string[],
      atMs: expect.any(Number) as number,
    },
  ]);
});

it('asks no address that another one would come of', async () => {
  for (const field of ['appId', 'resourceId', 'sid', 'mode']) {
    for (const part of ['.', '..', '']) {
      const answer = await ask(undefined, Infinity, { ...TARGET, [field]: part });
      if (typeof answer === 'string') throw new Error(`it was ${answer}`);
      const { outcome, httpStatus: status, body } = answer;
      expect(outcome).toMatchObject({ kind: 'bad_request', reason: expect.stringContaining(`"${part}"`) });
      const readBack = outcomeOfResponse({ status: status ?? 0, headers: {}, body: body ?? '', nowMs: unixMs(0) });
      expect(readBack).toEqual(outcome);
    }
  }
  expect(first.requests).toEqual([]);
  const odd = ['%2e%2e', '..%2f', '%2E', '...', 'a\\..\\b', '/../', '?', '#', '\u2024\u2024'];
  for (const sid of odd) await ask(undefined, Infinity, { ...TARGET, sid });
  const paths = first.requests.map(({ path }) => path.split('/').slice(0, 6).join('/'));
  expect(paths).toEqual(odd.map(() => '/v1/apps/app/cloud_recording/resourceid'));
});

it('keeps the raw body, and when it asked and was answered', async () => {
  first.answerWith(GONE);
  expect(await ask()).toEqual({
    askedAt: nowMs,
    answeredAt: nowMs,
    outcome: { kind: 'not_found' },
    httpStatus: 404,
    body: '{"code":404,"reason":"failed to find worker"}',
    wire: 'answered',
    usedUpForMs: null,
    serverTimeMs: expect.closeTo(Date.now(), -4),
  });
});

async function wire(leaveBy?: number): Promise<unknown> {
  const answer = await ask(undefined, leaveBy);
  return typeof answer === 'string' ? answer : answer.wire;
}

it('tells whether a query left, and how it ended on the wire', async () => {
  first.answerWith('never');
  expect(await wire()).toBe('timed_out');
  first.answerWith('reset');
  expect(await wire()).toBe('broken');
  first.answerWith({ status: 500, body: {} });
  expect(await wire()).toBe('answered');
  await first.close();
  nowMs += 60_000;
  expect(await wire()).toBe('never_left');
  first = await startStubAgora();
});

it('does not send what comes to the wire after its time to leave', async () => {
  first.answerWith(ALIVE);
  expect(await wire(performance.now() - 1)).toBe('too_late');
  expect(first.requests).toEqual([]);
  expect(await kind()).toBe('answered');
});

/** In place of the client that gives up after 200 ms: for what takes longer on a busy machine. */
async function bePatient(): Promise<void> {
  await client.close();
  client = createQueryClient({ baseUrls: [first.url], timeoutMs: 5_000, now: () => unixMs(nowMs) });
}

it('has every query on the wire at once, on a connection of its own', async () => {
  await bePatient();
  first.answerWith('never');
  const answers = Array.from({ length: 100 }, () => ask());
  await waitFor(() => first.requests.length === 100, { deadlineMs: 4_000 });
  first.answerWith(ALIVE);
  await Promise.all(answers);
});

it('reads the answer of a session with thousands of files', async () => {
  const fileList = Array.from({ length: 40_000 }, (_, n) => ({
    fileName: `${String(n)}.ts`.padStart(80, '0'),
    trackType: 'audio',
    uid: '1',
    mixedAllUser: false,
    isPlayable: true,
    sliceStartTime: n,
  }));
  await bePatient();
  first.answerWith({ status: 200, body: { serverResponse: { status: 5, fileListMode: 'json', fileList } } });
  expect(await kind()).toBe('answered');
});

it('returns a value for every failure: silence, a reset, half an answer, no server', async () => {
  first.answerWith('never');
  expect(await kind()).toBe('timeout');
  nowMs += 60_000;
  first.answerWith('reset');
  expect(await kind()).toBe('network');
  nowMs += 60_000;
  first.answerWith('half');
  expect(await kind()).toBe('network');
  nowMs += 60_000;
  await bePatient();
  first.answerWith({ status: 200, body: 'x'.repeat(8_500_000) });
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

it('asks about a session that failed at one host at the other, which one session alone can use', async () => {
  first.answerWith({ status: 504, body: '' });
  second.answerWith(ALIVE);
  expect(await kind('alone')).toBe('server');
  expect(await kind('alone')).toBe('answered');
  expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
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
    const answer = await ask();
    return typeof answer === 'string' ? answer : answer.usedUpForMs;
  };
  expect(await used({})).toBeNull();
  expect(await used({ 'ratelimit-remaining': '3', 'ratelimit-reset': '1' })).toBeNull();
  expect(await used({ 'ratelimit-remaining': '0', 'ratelimit-reset': '2' })).toBe(2_000);
  expect(await used({ 'x-ratelimit-remaining-second': '0' })).toBe(1_000);
});
