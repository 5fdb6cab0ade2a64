import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { freePort } from '../../src/embedded/free-port.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startNode } from '../support/processes.js';
import { APP, NCS_SECRET, startTestService, type TestService } from '../support/service.js';

let service: TestService;
let elsewhere: TestDatabase;

beforeAll(async () => {
  [service, elsewhere] = await Promise.all([startTestService(), createTestDatabase()]);
});
afterAll(async () => {
  await service.close();
  await elsewhere.drop();
});

async function sendTest(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; said: string }> {
  const command = startNode(['dist/cli/main.js', 'send-test', ...args], {
    env: {
      DATABASE_URL: service.database.url,
      RECEIVER_PORT: String(service.app.receiverPort),
      AGORA_APP_ID: APP,
      AGORA_CUSTOMER_ID: 'c',
      AGORA_CUSTOMER_SECRET: 's',
      AGORA_NCS_SECRET: NCS_SECRET,
      ...env,
    },
  });
  const { code } = await command.ended;
  return { code, said: command.output() };
}

/** In place of a receiver: answers everything so. */
async function answering(
  status: number,
  headers: Record<string, string> = {},
): Promise<{ server: Server; url: string }> {
  const server = createServer((_request, response) => response.writeHead(status, headers).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` };
}

describe('send-test', () => {
  it('says that it arrived, and it has, each time; no session comes of it', async () => {
    for (let times = 1; times <= 2; times += 1) {
      const { code, said } = await sendTest([]);
      expect(said).toMatch(/Answered 200 after \d+ ms: \{\}\n.*delivered/);
      expect(said).toMatch(/It is in the ledger, marked as a test/);
      expect(code).toBe(0);
      const noticeId = /noticeId (\w+)/.exec(said)?.[1];
      expect((await service.api('GET', `/v1/notices/${String(noticeId)}`)).body).toMatchObject({
        isTest: true,
        deliveries: 1,
      });
    }
    expect((await service.api('GET', '/v1/sessions')).body.sessions).toEqual([]);
    expect((await service.api('GET', '/v1/summary')).body.receiver.lastTestAt).not.toBeNull();
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['the receiver has another secret', [], { AGORA_NCS_SECRET: 'old' }, /Answered 401[^]*receiver\.rejections/],
    ['no such app is configured', ['--app', 'none'], {}, /App none is not configured with a secret/],
    ['the address is none', ['--url', 'nonsense'], {}, /--url nonsense is no http address/],
  ])('says what to do where %s', async (_what, args, env, complaint) => {
    const { code, said } = await sendTest(args, env);
    expect(said).toMatch(complaint);
    expect(code).toBe(1);
  });

  it('says so where nobody listens, and where the receiver writes into another ledger', async () => {
    const nobody = await sendTest(['--url', `http://127.0.0.1:${String(await freePort('127.0.0.1'))}`]);
    expect(nobody).toMatchObject({ code: 1, said: expect.stringMatching(/No answer \(.*ECONNREFUSED.*\)/) });
    const another = await sendTest([], { DATABASE_URL: elsewhere.url });
    expect(another).toMatchObject({ code: 1, said: expect.stringMatching(/writes into another database/) });
  });

  it.each<[number, Record<string, string>, RegExp]>([
    [301, { location: 'https://elsewhere.example/ncs' }, /redirected to https:\/\/elsewhere\.example/],
    [404, {}, /no receiver at that address/],
    [502, {}, /A proxy answers/],
    [503, {}, /spool is full/],
    [418, {}, /something else listens/],
  ])('says what an answer of %s means', async (status, headers, meaning) => {
    const { server, url } = await answering(status, headers);
    const { code, said } = await sendTest(['--url', url]);
    server.close();
    expect([code, said]).toEqual([1, expect.stringMatching(meaning)]);
  });
});
