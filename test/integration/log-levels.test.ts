import { pino } from 'pino';
import { APP, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

type Line = { msg: string; level: number; sid?: string };

const lines: Line[] = [];
let service: TestService;

beforeAll(async () => {
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  service = await startTestService({ START_CHECK_AFTER_MS: '1', GONE_CONFIRM_MS: '1000' }, log);
});
afterAll(() => service.close());

it('a query is a line for who looks closely, and at the usual level a session costs none', async () => {
  const registration = { appId: APP, resourceId: 'r', mode: 'mix', cname: 'lesson', uid: '1' };
  expect((await service.api('PUT', '/v1/sessions/asked', registration)).status).toBe(201);
  const told = (): Line | undefined => lines.find(({ msg }) => msg === 'query.answered');
  expect(await waitFor(told, { deadlineMs: 20_000, what: 'a query' })).toMatchObject({ sid: 'asked', level: 20 });
  expect(lines.filter(({ level, sid }) => level > 20 && sid !== undefined)).toEqual([]);
});
