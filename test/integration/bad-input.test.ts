import { createConnection } from 'node:net';
import { APP, startTestService, type ApiAnswer, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const KEY = 'writer-key';
const SID = 'known';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ API_KEYS: `writer:write:${KEY}` });
  await ask('PUT', `/v1/sessions/${SID}`, registration());
});
afterAll(async () => {
  await service.close();
});

const ask = (method: string, path: string, body?: unknown): Promise<ApiAnswer> => service.api(method, path, body, KEY);

function registration(told: Record<string, unknown> = {}): Record<string, unknown> {
  return { appId: APP, resourceId: 'r', mode: 'mix', cname: 'c', uid: '1', ...told };
}

const cursorOf = (place: unknown): string => Buffer.from(JSON.stringify(place)).toString('base64url');

const NUMBERS = [1e20, -1e20, 1e308, -1, 0, 1.5, 2 ** 53, 253_402_300_800_000, null, '1', 'NaN', [], {}, true];
const TEXTS = [
  '',
  ' ',
  '..',
  '.',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udc00x',
  '\uffff',
  'x'.repeat(300),
  'x'.repeat(5_000),
  '😀',
  "';--",
  '%',
  '%00',
  '../..',
  'a/b',
  'a\\b',
  'NaN',
  'Infinity',
  '-1',
  '1e20',
  '0000-01-01T00:00:00Z',
  '-000001-01-01T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '9999-12-31T23:59:59-12:00',
  '2026-02-30T00:00:00Z',
  '__proto__',
  'constructor',
  '[object Object]',
];

/** As it stands in an address; half a surrogate pair cannot, but its three bytes can. */
function encoded(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80';
}

/** Raw sequences that no encoder makes. */
const RAW = ['%', '%zz', '%E0%A4%A', '%ff', '%ED%A0%80', '%00', '%2e%2e', '%2e%2e%2f', '%5c', 'a%0d%0ab'];

async function expectNoFailure(method: string, path: string, body?: unknown): Promise<number> {
  const { status, headers } = await ask(method, path, body);
  const told = body === undefined ? '' : JSON.stringify(body).slice(0, 200);
  expect([method, path.slice(0, 200), told, status >= 500 ? status : 'served or refused']).toEqual([
    method,
    path.slice(0, 200),
    told,
    'served or refused',
  ]);
  if (status >= 400) expect(headers['content-type']).toMatch(/problem\+json/);
  return status;
}

const LISTS = [
  '/v1/sessions',
  ...['timeline', 'files', 'observations', 'gaps', 'notices'].map((name) => `/v1/sessions/${SID}/${name}`),
  '/v1/quarantine',
  '/v1/changes',
];
const PARAMETERS = [
  'limit',
  'cursor',
  'after',
  'appId',
  'state',
  'outcome',
  'certainty',
  'mode',
  'cname',
  'hasGaps',
  'waiting',
  'startedFrom',
  'startedTo',
  'updatedAfter',
  'endedFrom',
  'finding',
  'serviceStatus',
  'uid',
  'resourceId',
  'queryable',
  'q',
  'order',
  'count',
  'replace',
];

describe('bad input never looks like a failure of the service', () => {
  it.each(LISTS)('in the query of %s', async (list) => {
    for (const parameter of PARAMETERS) {
      for (const value of [...TEXTS.map(encoded), ...RAW])
        await expectNoFailure('GET', `${list}?${parameter}=${value}`);
      await expectNoFailure('GET', `${list}?${parameter}=1&${parameter}=2`);
      await expectNoFailure('GET', `${list}?${parameter}[]=1&${parameter}[x]=2`);
    }
  });

  it.each(LISTS.filter((list) => list !== '/v1/changes'))('in the cursors of %s', async (list) => {
    const places = [...NUMBERS, ...TEXTS].flatMap((value) => [
      value,
      { from: value },
      { name: value },
      { createdMs: value, sid: 'x' },
      { createdMs: 1, sid: value },
      { askedMs: value, id: '1' },
      { askedMs: 1, id: value },
      { askedMs: 1, id: '9'.repeat(18) },
      { askedMs: -62_135_596_800_001, id: '1' },
      { receivedMs: value, eventKey: '00000000-0000-0000-0000-000000000000' },
      { receivedMs: 1, eventKey: value },
      { id: value },
    ]);
    for (const place of places) await expectNoFailure('GET', `${list}?cursor=${cursorOf(place)}`);
    const refused = await expectNoFailure(
      'GET',
      `${list}?cursor=${cursorOf({ createdMs: 1e20, from: 1e20, askedMs: 1e20 })}`,
    );
    expect(refused).toBe(400);
  });

  it('in a path', async () => {
    const ends = ['', '/timeline', '/files', '/observations', '/gaps', '/streams', '/explain', '/notices'];
    for (const sid of [...TEXTS.map(encoded), ...RAW]) {
      for (const end of ends) await expectNoFailure('GET', `/v1/sessions/${sid}${end}`);
      await expectNoFailure('GET', `/v1/notices/${sid}`);
      await expectNoFailure('PUT', `/v1/sessions/${sid}`, registration());
      await expectNoFailure('POST', `/v1/sessions/${sid}/reconcile`);
      await expectNoFailure('POST', `/v1/sessions/${sid}/stop-response`, { serverResponse: {} });
    }
    for (const sid of ['%2e%2e', '%2e', 'a%2fb', 'a%5cb', 'a%00b', 'x'.repeat(257)]) {
      expect([sid, await expectNoFailure('PUT', `/v1/sessions/${sid}`, registration())]).not.toEqual([sid, 201]);
    }
  });

  it('in a registration, and none of it is kept that Agora could not be asked by', async () => {
    for (const field of [
      'appId',
      'resourceId',
      'mode',
      'cname',
      'uid',
      'startedAt',
      'resourceExpiredHour',
      'unknown',
    ]) {
      for (const value of [...NUMBERS, ...TEXTS])
        await expectNoFailure('PUT', `/v1/sessions/bad-${field}?replace=true`, registration({ [field]: value }));
    }
    for (const id of ['.', '..', '../..', 'a/b', 'a\\b', '\u0000', '\ud800', '']) {
      expect(await expectNoFailure('PUT', '/v1/sessions/fresh', registration({ resourceId: id }))).toBe(400);
      expect(await expectNoFailure('PUT', '/v1/sessions/fresh', registration({ appId: id }))).toBe(400);
    }
    for (const body of [null, [], 1, 'x', true]) await expectNoFailure('PUT', '/v1/sessions/fresh', body);
  });

  it('in what `stop` answered', async () => {
    for (const value of [...NUMBERS, ...TEXTS]) {
      const bodies = [
        value,
        { sid: value },
        { code: value },
        { serverResponse: value },
        { serverResponse: { uploadingStatus: value, fileList: value, fileListMode: value } },
        {
          serverResponse: {
            fileListMode: 'json',
            fileList: [
              value,
              { fileName: value, trackType: value, uid: value, sliceStartTime: value, isPlayable: value },
            ],
          },
        },
      ];
      for (const body of bodies) await expectNoFailure('POST', `/v1/sessions/${SID}/stop-response`, body);
    }
    for (const end of ['', '/timeline', '/files']) {
      expect(await expectNoFailure('GET', `/v1/sessions/${SID}${end}`)).toBe(200);
    }
  });

  it('in a request for a lease', async () => {
    for (const field of ['appId', 'count', 'forMs']) {
      for (const value of [...NUMBERS, ...TEXTS])
        await expectNoFailure('POST', '/v1/budget/lease', { appId: APP, [field]: value });
    }
  });

  it('in bytes that are no request at all', async () => {
    const port = service.app.apiPort ?? 0;
    const send = async (text: string): Promise<string> => {
      const socket = createConnection(port, '127.0.0.1');
      let said = '';
      socket.on('data', (chunk) => (said += chunk.toString()));
      socket.on('error', () => undefined);
      socket.write(text);
      await waitFor(() => said !== '', { deadlineMs: 5_000 }).catch(() => undefined); // the caller says what is missing
      socket.destroy();
      return said;
    };
    const head = `host: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\n`;
    const bodies = ['{"a":', '\u0000', '[[[', '['.repeat(50_000), '{"appId":"\\ud800"}', '"\\u0000"'];
    for (const body of bodies) {
      for (const path of ['PUT /v1/sessions/raw', 'POST /v1/budget/lease', `POST /v1/sessions/${SID}/stop-response`]) {
        const said = await send(
          `${path} HTTP/1.1\r\n${head}content-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
        );
        expect([path, body.slice(0, 20), said.slice(9, 12)]).toEqual([
          path,
          body.slice(0, 20),
          expect.stringMatching(/^[24]/),
        ]);
      }
    }
    for (const target of ['//', '/v1//sessions', 'http://[', '/v1/sessions?%', '/v1/sessions/\u0001', '*']) {
      expect([target, (await send(`GET ${target} HTTP/1.1\r\n${head}\r\n`)).slice(9, 12)]).toEqual([
        target,
        expect.stringMatching(/^[24]/),
      ]);
    }
  });
});
