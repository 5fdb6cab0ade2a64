import { startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';
import { ALIVE } from '../support/stub-agora.js';
import { sampleNotification } from '../support/samples.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

const get = (path: string) => service.api('GET', path);
const DAY_MS = 86_400_000;
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

describe('how well notifications were delivered', () => {
  it('is told by day and app, with copies counted apart', async () => {
    const body = sampleNotification('ev71-ok');
    await service.notify(body);
    await service.notify(body);
    const days = await waitFor(
      async () => {
        const { body: answer } = await get('/v1/delivery-quality');
        return answer.days[0]?.duplicates === 1 && answer.days;
      },
      { deadlineMs: 10_000, what: 'the copy' },
    );
    expect(days).toEqual([
      {
        day: dayOf(Date.now()),
        appId: 'app-1',
        events: 1,
        deliveries: 2,
        duplicates: 1,
        late: 1,
        lost: expect.any(Number),
      },
    ]);
  });

  it('is of the days from `from` on and before `to`, and of one app where one is named', async () => {
    const [today, tomorrow, yesterday] = [0, DAY_MS, -DAY_MS].map((ms) => dayOf(Date.now() + ms));
    const days = async (query: string): Promise<number> =>
      (await get(`/v1/delivery-quality?${query}`)).body.days.length;
    expect(await days(`from=${String(today)}&to=${String(tomorrow)}&appId=app-1`)).toBe(1);
    expect(await days(`from=${String(today)}T00:00:00Z`)).toBe(1);
    expect(await days(`from=${String(yesterday)}&to=${String(today)}`)).toBe(0);
    expect(await days('appId=other')).toBe(0);
    expect((await get('/v1/delivery-quality?from=yesterday')).status).toBe(400);
    expect((await get('/v1/delivery-quality?from=2020-01-01&to=2025-01-01')).status).toBe(422);
  });
});

describe('how the budget was used', () => {
  it('is told by hour, account and outcome, beside what the limit allows', async () => {
    service.agora.answerWith(ALIVE);
    await service.api('PUT', '/v1/sessions/asked', {
      appId: 'app-1',
      resourceId: 'r',
      mode: 'mix',
      cname: 'c',
      uid: '1',
    });
    await service.api('POST', '/v1/sessions/asked/reconcile');
    const hours = await waitFor(
      async () => {
        const { body } = await get('/v1/query-usage');
        return body.hours.length > 0 && body.hours;
      },
      { deadlineMs: 15_000, what: 'a query' },
    );
    expect(hours[0]).toMatchObject({ account: expect.any(String), outcome: 'answered', limit: 36_000 });
    expect(hours[0].hour).toMatch(/T\d\d:00:00\.000Z$/);
    expect(hours[0].queries).toBeGreaterThan(0);
    expect((await get('/v1/query-usage?account=nobody')).body.hours).toEqual([]);
    expect((await get(`/v1/query-usage?to=${new Date(Date.now() - 2 * 3_600_000).toISOString()}`)).body.hours).toEqual(
      [],
    );
  });
});
