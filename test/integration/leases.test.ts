import { jest } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { ALIVE } from '../support/stub-agora.js';
import { APP, startTestService, type ApiAnswer, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(60_000);

const CALLERS = ['first', 'second'] as const;
const KEYS = { API_KEYS: CALLERS.map((name) => `${name}:write:${name}-key`).join(',') };

let service: TestService;
afterEach(async () => {
  await service.close();
});

type Wanted = { count?: number; forMs?: number };

const lease = (wanted: Wanted, caller = 'first'): Promise<ApiAnswer> =>
  service.api('POST', '/v1/budget/lease', { appId: APP, ...wanted }, `${caller}-key`);

const slotsOf = ({ body }: ApiAnswer): number => body.slots?.length ?? 0;

/** Leases all that it is given, and asks again as soon as it is refused. */
function startHoarding(wanted: Wanted): { stop: () => Promise<readonly ApiAnswer[]> } {
  const answers: ApiAnswer[] = [];
  let stopping = false;
  const hoarder = async (caller: string): Promise<void> => {
    while (!stopping) {
      answers.push(await lease(wanted, caller));
      await wait(5);
    }
  };
  const hoarders = CALLERS.flatMap((caller) => [hoarder(caller), hoarder(caller)]);
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(hoarders);
      return answers;
    },
  };
}

/** More sessions to ask about than the budget can ever ask. */
async function keepAsking(): Promise<void> {
  service.agora.answerWith(ALIVE);
  for (let n = 0; n < 40; n += 1) {
    const body = {
      appId: APP,
      resourceId: 'r',
      mode: 'mix',
      cname: 'c',
      uid: '1',
      startedAt: new Date().toISOString(),
    };
    await service.api('PUT', `/v1/sessions/live-${String(n)}`, body, 'first-key');
  }
  await waitFor(() => service.agora.requests.length > 3, { deadlineMs: 15_000, what: 'queries' });
}

const MEASURED_S = 6;

describe('queries keep their share of the budget, whatever callers lease', () => {
  it.each([
    ['where most of the limit is left to others', { AGORA_QPS_SHARE: '0.3' }, 3],
    ['where all of it may be used', { AGORA_QPS_SHARE: '1' }, 10],
  ])('%s', async (_where, env, perSecond) => {
    service = await startTestService({ ...KEYS, ...env, START_CHECK_AFTER_MS: '100', ROUTINE_INTERVAL_MS: '1000' });
    await keepAsking();
    const hoarding = startHoarding({ count: 10, forMs: 100 });
    await wait(2_000);
    const before = service.agora.requests.length;
    await wait(MEASURED_S * 1_000);
    const asked = (service.agora.requests.length - before) / MEASURED_S;
    const answers = await hoarding.stop();
    console.info(`beside leases: ${asked.toFixed(2)} queries a second of ${String(perSecond)}`);
    expect(answers.filter(({ status }) => ![200, 429].includes(status))).toEqual([]);
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect(asked).toBeGreaterThan(perSecond * 0.3 * 0.7);
  });
});

describe('a caller', () => {
  it('never holds so many slots that another gets none', async () => {
    service = await startTestService(KEYS);
    const hoarded = [];
    while (hoarded.length < 30) hoarded.push(await lease({ count: 10, forMs: 60_000 }));
    const got = hoarded.reduce((sum, answer) => sum + slotsOf(answer), 0);
    expect(got).toBe(4);
    const refused = hoarded.at(-1);
    expect(refused?.status).toBe(429);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(50);
    expect(slotsOf(await lease({ count: 10 }, 'second'))).toBe(3);
  });

  it('has all that leases may hold where no other key may lease', async () => {
    service = await startTestService({ API_KEYS: 'first:write:first-key,reader:read:reader-key' });
    expect(slotsOf(await lease({ count: 10, forMs: 60_000 }))).toBe(7);
  });

  it('books nothing far ahead, also when slots have become rare', async () => {
    service = await startTestService({ ...KEYS, AGORA_QPS_SHARE: '0.1' });
    const answers = [];
    while (answers.length < 300) answers.push(await lease({ count: 1, forMs: 100 }, CALLERS[answers.length % 2]));
    const aheadMs = answers.flatMap(({ body }) => body.slots ?? []).map(({ waitMs }) => waitMs);
    expect(Math.max(...aheadMs)).toBeLessThanOrEqual(5_000);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
    for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });
});
