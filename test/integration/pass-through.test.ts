import { connect } from 'node:net';
import { Writable } from 'node:stream';
import pg from 'pg';
import { createLogger } from '../../src/observability/create-logger.js';
import { clearAfterEach } from '../support/leftovers.js';
import {
  BASIC,
  rawExchange,
  recordingAnswer,
  recordingClient,
  startBody,
  STORAGE_SECRETS,
} from '../support/recording-api.js';
import { APP, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const leftovers = clearAfterEach();
const KEYS = 'backend:write:backend-key,reader:read:reader-key';

async function serve(env: Record<string, string> = {}, lines: string[] = []): Promise<TestService> {
  const log = createLogger(
    'trace',
    new Writable({
      write: (line: Buffer, _encoding, done) => {
        lines.push(line.toString());
        done();
      },
    }),
  );
  const settings = { AGORA_PASS_THROUGH: 'on', AGORA_QPS: '100', API_KEYS: KEYS, ...env };
  const service = await startTestService(settings, log);
  service.agora.answerWith(recordingAnswer((resourceId) => `sid-of-${resourceId}`));
  leftovers.push(service.close);
  return service;
}

function clientOf({ app }: TestService, authorization = BASIC) {
  const client = recordingClient(`http://127.0.0.1:${String(app.apiPort)}/agora`, APP, authorization);
  leftovers.push(client.close);
  return client;
}

async function session(service: TestService, sid: string, isReady: (body: any) => boolean): Promise<any> {
  let last: any;
  await waitFor(
    async () => {
      const { status, body } = await service.api('GET', `/v1/sessions/${sid}`, undefined, 'reader-key');
      last = body;
      return status === 200 && isReady(body);
    },
    { deadlineMs: 20_000, what: `session ${sid}` },
  );
  return last;
}

async function list(service: TestService, sid: string, of: string): Promise<any[]> {
  return (await service.api('GET', `/v1/sessions/${sid}/${of}`, undefined, 'reader-key')).body[of];
}

const RESOURCE = 'resourceid/resource-1';
const ON_SESSION = `${RESOURCE}/sid/sid-of-resource-1/mode/mix`;

describe('a recording whose calls go through the ledger', () => {
  it('is registered by start, with its storage and query window, and shows its calls, answers and end', async () => {
    const service = await serve();
    const { call } = clientOf(service);
    await call('POST', 'acquire', { cname: 'room', uid: '7', clientRequest: { resourceExpiredHour: 5, scene: 0 } });
    const started = await call('POST', `${RESOURCE}/mode/mix/start`, startBody('room', '7'));
    expect(started).toMatchObject({ status: 200 });
    expect(JSON.parse(started.text)).toEqual({ resourceId: 'resource-1', sid: 'sid-of-resource-1' });
    await call('POST', `${ON_SESSION}/updateLayout`, { cname: 'room', uid: '7', clientRequest: {} });
    await call('GET', `${ON_SESSION}/query`);
    const live = await session(service, 'sid-of-resource-1', ({ observations }) => observations.count >= 1);
    expect(live).toMatchObject({ appId: APP, resourceId: 'resource-1', mode: 'mix', cname: 'room', uid: '7' });
    expect(live).toMatchObject({ state: 'recording', findings: [] });
    expect(live.storage).toEqual({ vendor: 1, region: 3, bucket: 'recordings', prefix: 'shows/monday' });
    await call('POST', `${ON_SESSION}/stop`, { cname: 'room', uid: '7', clientRequest: {} });
    await session(service, 'sid-of-resource-1', ({ outcome }) => outcome === 'completed');
    const timeline = await list(service, 'sid-of-resource-1', 'timeline');
    expect(timeline.filter(({ source }) => source === 'call').map(({ kind }) => kind)).toEqual([
      'start',
      'updateLayout',
    ]);
    const registered = timeline.find(({ source }) => source === 'registration');
    expect(registered.details).toMatchObject({ resourceExpiredHour: 5, startedAt: expect.any(String) });
    const [file] = await list(service, 'sid-of-resource-1', 'files');
    expect(file.object).toEqual({ bucket: 'recordings', key: 'shows/monday/sid-of-resource-1_room.m3u8' });
  });

  it('leaves no key or token of its bodies in the database or the log', async () => {
    const lines: string[] = [];
    const service = await serve({}, lines);
    const { call } = clientOf(service);
    await call('POST', `${RESOURCE}/mode/mix/start`, startBody('room', '7'));
    await call('POST', `${RESOURCE}/mode/mix/start?token=${STORAGE_SECRETS[0] ?? ''}`, startBody('room', '7'));
    await call('POST', 'something/else', startBody('room', '7'));
    await session(service, 'sid-of-resource-1', ({ state }) => state === 'registered' || state === 'recording');
    const stored = await everythingIn(service.database.url);
    expect(stored).toContain('recordings');
    for (const secret of [...STORAGE_SECRETS, 'backend-key', BASIC]) {
      expect(stored).not.toContain(secret);
      expect(lines.join('')).not.toContain(secret);
    }
  });

  it('has a finding where the answer of start did not reach whoever called', async () => {
    const service = await serve();
    const answer = recordingAnswer(() => 'unheard');
    let goOn = (): void => undefined;
    const socket = connect(service.app.apiPort ?? 0, '127.0.0.1');
    service.agora.answerWith((path, request) => {
      if (!path.endsWith('/start')) return answer(path, request);
      socket.destroy();
      goOn();
      return answer(path, request);
    });
    const gone = new Promise<void>((resolve) => (goOn = resolve));
    const body = JSON.stringify(startBody('room', '7'));
    socket.write(
      `POST /agora/v1/apps/${APP}/cloud_recording/${RESOURCE}/mode/mix/start HTTP/1.1\r\nHost: x\r\nAuthorization: ${BASIC}\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`,
    );
    await gone;
    const found = await session(service, 'unheard', () => true);
    expect(found.findings).toMatchObject([{ code: 'start_unacknowledged' }]);
  });

  it('may be registered by hand too, before and after, and keeps what Agora accepted', async () => {
    const service = await serve();
    const { call } = clientOf(service);
    const told = { appId: APP, resourceId: 'resource-1', mode: 'mix', cname: 'room', uid: '7' };
    const put = (body: object) => service.api('PUT', '/v1/sessions/sid-of-resource-1', body, 'backend-key');
    await put({ ...told, uid: '8', startedAt: '2026-01-01T00:00:00.000Z' });
    await call('POST', `${RESOURCE}/mode/mix/start`, startBody('room', '7'));
    await session(service, 'sid-of-resource-1', ({ uid, storage }) => uid === '7' && storage !== undefined);
    expect(await put({ ...told, startedAt: new Date().toISOString() })).toMatchObject({ status: 200 });
    expect(await put({ ...told, uid: '8' })).toMatchObject({ status: 409, body: { fields: ['uid'] } });
  });
});

describe('a call that is passed on', () => {
  const request = (base: string, extra: string): string =>
    [
      `POST ${base}/v1/apps/${APP}/cloud_recording/a%2Fb/%C3%A4?x=%20y&z=1%2B1 HTTP/1.1`,
      'Host: agora.test',
      `Authorization: ${BASIC}`,
      'Content-Type: application/json;charset=utf-8',
      'X-Request-Id: 7f3a',
      'Accept: */*',
      'Accept-Encoding: identity',
      extra,
      'Content-Length: 14',
      '',
      '{"b" :\t"\u0001ok"}\n'.slice(0, 14),
    ].join('\r\n');

  it('arrives as it was sent, and its answer comes back as it was given, byte for byte', async () => {
    const service = await serve();
    const headers = { 'content-type': 'application/json; charset=utf-8', 'x-odd': 'a  b', 'content-length': '9' };
    service.agora.answerWith({ status: 418, body: '{"c" : 1}', headers });
    const isWhole = (got: string): boolean => got.endsWith('{"c" : 1}');
    const direct = await rawExchange(Number(new URL(service.agora.url).port), request('', 'X-Last: 1'), isWhole);
    const passed = await rawExchange(service.app.apiPort ?? 0, request('/agora', 'X-Last: 1'), isWhole);
    const lines = (answer: string): string[] =>
      answer.split('\r\n').filter((line) => !/^(date|connection|keep-alive):/i.test(line));
    expect(lines(passed)).toEqual(lines(direct));
    expect(passed).toMatch(/keep-alive/i);
    const [first, second] = service.agora.requests;
    expect(second).toMatchObject({ method: first?.method, path: first?.path, body: first?.body });
    const sent = (headers: readonly string[] = []): string[] =>
      headers
        .flatMap((name, n) => (n % 2 === 0 ? [`${name.toLowerCase()}: ${headers[n + 1] ?? ''}`] : []))
        .filter((line) => !/^(host|connection):/.test(line))
        .sort();
    expect(sent(second?.headers)).toEqual(sent(first?.headers));
  });

  it('goes without the headers of one connection, those that Connection names included', async () => {
    const service = await serve();
    const extra = 'Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\nProxy-Authorization: Basic eA==';
    service.agora.answerWith({ status: 200, body: 'x', headers: { connection: 'x-theirs', 'x-theirs': '1' } });
    const answer = await rawExchange(service.app.apiPort ?? 0, request('/agora', extra), (got) =>
      /\r\n\r\n.*x/s.test(got),
    );
    const names = (service.agora.requests[0]?.headers ?? [])
      .filter((_, n) => n % 2 === 0)
      .map((name) => name.toLowerCase());
    expect(names).not.toEqual(expect.arrayContaining(['x-mine']));
    expect(names.filter((name) => ['x-mine', 'te', 'proxy-authorization'].includes(name))).toEqual([]);
    expect(answer.toLowerCase()).not.toContain('x-theirs');
  });

  it("carries Agora's own credentials as they came, ours for a key that may write, and is refused otherwise", async () => {
    const service = await serve();
    const of = async (authorization: string): Promise<[number, string]> => {
      const { status, text } = await clientOf(service, authorization).call('POST', 'acquire', {});
      return [status, text];
    };
    const refused = [401, '{"message":"Invalid authentication credentials"}'];
    expect(await of('Bearer nobody-key')).toEqual(refused);
    expect(await of(`Basic ${Buffer.from('customer:other').toString('base64')}`)).toEqual(refused);
    expect((await of('Bearer reader-key'))[0]).toBe(403);
    expect(service.agora.requests).toEqual([]);
    expect((await of(BASIC))[0]).toBe(200);
    expect((await of('Bearer backend-key'))[0]).toBe(200);
    expect(service.agora.requests.map(({ authorization }) => authorization)).toEqual([BASIC, BASIC]);
  });

  it('is not one by a way through the path, about an unknown app, or of another API: 404, and nothing is sent', async () => {
    const service = await serve();
    const paths = [
      `/agora/v1/apps/${APP}/cloud_recording/../acquire`,
      `/agora/v1/apps/${APP}/cloud_recording/%2e%2E/acquire`,
      `/agora/v1/apps/${APP}/cloud_recording/a%2f..%2fb`,
      `/agora/v1/apps/${APP}/cloud_recording/.`,
      `/agora/v1/apps/../cloud_recording/acquire`,
      `/agora/v1/apps/${APP}/cloud_recording/`,
      '/agora/v1/apps/unknown/cloud_recording/acquire',
      `/agora/v1/apps/${APP}/other/acquire`,
      '/agora/',
    ];
    for (const path of paths) {
      const bytes = `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${BASIC}\r\nConnection: close\r\n\r\n`;
      expect(await rawExchange(service.app.apiPort ?? 0, bytes, () => false)).toMatch(/^HTTP\/1.1 404/);
    }
    expect(service.agora.requests).toEqual([]);
  });

  it('is 404 where it is not switched on', async () => {
    const service = await serve({ AGORA_PASS_THROUGH: '' });
    expect(await clientOf(service).call('POST', 'acquire', {})).toMatchObject({ status: 404 });
  });

  it('may carry 1 MiB, and is 413 beyond, declared or not', async () => {
    const service = await serve();
    const { call } = clientOf(service);
    const of = (length: number): object => ({ padding: 'x'.repeat(length - '{"padding":""}'.length) });
    expect(await call('POST', 'acquire', of(1_048_576))).toMatchObject({ status: 200 });
    expect(service.agora.requests[0]?.body.length).toBe(1_048_576);
    expect(await call('POST', 'acquire', of(1_048_577))).toMatchObject({ status: 413 });
    const chunk = `100000\r\n${'x'.repeat(1_048_576)}\r\n`;
    const head = `POST /agora/v1/apps/${APP}/cloud_recording/acquire HTTP/1.1\r\nHost: x\r\nAuthorization: ${BASIC}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const answer = await rawExchange(service.app.apiPort ?? 0, `${head}${chunk}${chunk}0\r\n\r\n`, (got) =>
      got.includes('}'),
    );
    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(service.agora.requests).toHaveLength(1);
  });

  it('tries another base URL only where nothing was sent, and is 502 where none can be reached', async () => {
    const service = await serve({ AGORA_BASE_URLS: 'http://127.0.0.1:1' });
    const answer = await clientOf(service).call('POST', 'acquire', {});
    expect(answer).toMatchObject({ status: 502, headers: { 'content-type': expect.stringContaining('problem+json') } });
  });

  it('is never sent twice: 502 where the connection broke after it had left', async () => {
    const service = await serve();
    const second = await serve();
    service.agora.answerWith('reset');
    const both = await serve({ AGORA_BASE_URLS: `${service.agora.url},${second.agora.url}` });
    const answer = await clientOf(both).call('POST', `${RESOURCE}/mode/mix/start`, startBody('room', '7'));
    expect(answer.status).toBe(502);
    expect(service.agora.requests).toHaveLength(1);
    expect(second.agora.requests).toHaveLength(0);
  });

  it('goes to the next base URL where the first is not listening', async () => {
    const second = await serve();
    const both = await serve({ AGORA_BASE_URLS: `http://127.0.0.1:1,${second.agora.url}` });
    expect(await clientOf(both).call('POST', 'acquire', {})).toMatchObject({ status: 200 });
    expect(second.agora.requests).toHaveLength(1);
  });

  it("is 429 in Agora's shape where no slot becomes free in time", async () => {
    const service = await serve({ AGORA_QPS: '4', PASS_THROUGH_MAX_WAIT_MS: '200' });
    const { call } = clientOf(service);
    const answers = await Promise.all(Array.from({ length: 12 }, () => call('POST', 'acquire', {})));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(refused.length).toBeGreaterThan(4);
    expect(refused[0]?.headers['retry-after']).toBe('1');
    expect(JSON.parse(refused[0]?.text ?? '')).toEqual({ message: 'API rate limit exceeded' });
    expect(service.agora.requests.length).toBeLessThanOrEqual(4);
  });
});

async function everythingIn(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public'`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  await client.end();
  return texts.join('\n');
}
