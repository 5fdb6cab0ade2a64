import { createConnection } from 'node:net';
import { APP, startTestService, type ApiAnswer, type TestService } from '../support/service.js';

const WRITE = 'write-key-0123456789';
const READ = 'read-key-01234567890';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ API_KEYS: `starter:write:${WRITE},dashboard:read:${READ}` });
});
afterAll(async () => {
  await service.close();
});

const get = (path: string): Promise<ApiAnswer> => service.api('GET', path, undefined, READ);

/** A request as its bytes, and the answer as its text. */
async function send(head: string, body = ''): Promise<string> {
  const socket = createConnection(service.app.apiPort ?? 0, '127.0.0.1');
  const length = `content-length: ${String(Buffer.byteLength(body))}`;
  socket.write(`${head}\r\nhost: x\r\nconnection: close\r\n${length}\r\n\r\n${body}`);
  let said = '';
  for await (const chunk of socket) said += String(chunk);
  return said;
}

describe('a parameter that an endpoint does not have', () => {
  it.each(['/v1/sessions', '/v1/sessions/x', '/v1/changes', '/v1/summary', '/v1/sessions/x/explain'])(
    'is refused by its name: %s',
    async (path) => {
      const { status, body } = await get(`${path}?stat=ended&limt=3`);
      expect(status).toBe(400);
      expect(body.errors).toEqual([
        { at: 'stat', message: expect.any(String) },
        { at: 'limt', message: expect.any(String) },
      ]);
    },
  );

  it('is refused where something is written, and nothing is', async () => {
    const registration = { appId: APP, resourceId: 'r', mode: 'mix', cname: 'c', uid: '1' };
    const refused = await service.api('PUT', '/v1/sessions/never?replce=true', registration, WRITE);
    expect(refused.status).toBe(400);
    expect((await get('/v1/sessions/never')).status).toBe(404);
    expect((await service.api('POST', '/v1/sessions/x/reconcile?now=1', undefined, WRITE)).status).toBe(400);
  });

  it('does no harm to whoever only looks whether the service is alive', async () => {
    expect((await service.api('GET', '/healthz?probe=1')).status).toBe(200);
  });
});

describe('a method that a path does not have', () => {
  it.each([
    ['DELETE', '/v1/sessions/x', 'GET, HEAD, PUT'],
    ['PATCH', '/v1/sessions', 'GET, HEAD'],
    ['GET', '/v1/budget/lease', 'POST'],
    ['OPTIONS', '/v1/summary', 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
  ])('is 405, with those that it has: %s %s', async (method, path, allow) => {
    const answer = await service.api(method, path, undefined, READ);
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe(allow);
    expect(answer.body).toMatchObject({ status: 405, title: expect.any(String) });
  });

  it('is not told of to who has no key', async () => {
    expect((await service.api('DELETE', '/v1/sessions/x')).status).toBe(401);
  });
});

describe('a key', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bearer '])('fits after %j', async (word) => {
    expect(await send(`GET /v1/sessions HTTP/1.1\r\nauthorization: ${word} ${READ}`)).toMatch(/^HTTP\/1.1 200/);
  });

  it.each(['Basic', 'Bear', ''])('does not after %j', async (word) => {
    expect(await send(`GET /v1/sessions HTTP/1.1\r\nauthorization: ${word} ${READ}`)).toMatch(/^HTTP\/1.1 401/);
  });

  it('that may only read is refused by every endpoint that writes', async () => {
    const writes = [
      ['PUT', '/v1/sessions/x'],
      ['POST', '/v1/sessions/x/stop-response'],
      ['POST', '/v1/sessions/x/reconcile'],
      ['POST', '/v1/budget/lease'],
    ] as const;
    for (const [method, path] of writes) {
      expect([path, (await service.api(method, path, {}, READ)).status]).toEqual([path, 403]);
    }
  });
});

describe('a body that is no JSON', () => {
  const put = (body: string, type = 'application/json') =>
    send(`PUT /v1/sessions/x HTTP/1.1\r\nauthorization: Bearer ${WRITE}\r\ncontent-type: ${type}`, body);

  it.each([
    ['{"appId": "a",\n "mode": mix}', 'line 2, column 10'],
    ['{"appId": "a"', 'line 1, column 14'],
    ["{'appId': 1}", 'line 1, column 2'],
    ['', 'empty'],
  ])('is refused with the place: %j', async (body, place) => {
    const said = await put(body);
    expect(said).toMatch(/^HTTP\/1.1 400/);
    expect(said).toContain('application/problem+json');
    expect(said).toContain(place);
  });

  it('is refused as what it was sent as: a page of another origin may send text without being asked', async () => {
    const said = await put('{"appId":"a"}', 'text/plain');
    expect(said).toMatch(/^HTTP\/1.1 400/);
    expect(said).toContain('application/json');
  });
});

describe('the document and the page that shows it', () => {
  it('need no key', async () => {
    const { status, body } = await service.api('GET', '/openapi.json');
    expect(status).toBe(200);
    expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'recording-ledger' } });
    expect(Object.keys(body.paths)).toEqual(expect.arrayContaining(['/v1/sessions', '/v1/changes', '/healthz']));
    expect((await service.api('GET', '/docs')).status).toBe(200);
  });

  it('name no other origin, and allow none', async () => {
    const page = await service.api('GET', '/docs');
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
    expect(page.headers['content-security-policy']).not.toMatch(/unsafe|https?:/);
    expect(page.body).not.toMatch(/https?:|<style|<script>/);
    for (const [, part] of String(page.body).matchAll(/(?:src|href)="([^"]+)"/g)) {
      const { status, headers } = await service.api('GET', part ?? '');
      expect([part, status, headers['content-type']]).toEqual([part, 200, expect.stringMatching(/javascript|css/)]);
    }
    expect((await service.api('GET', '/docs/LICENSE')).body).toContain('Apache License');
  });

  it('have no parts but their own', async () => {
    for (const part of ['package.json', '..%2f..%2fpackage.json', '%2e%2e', '__proto__', 'constructor']) {
      expect([part, (await service.api('GET', `/docs/${part}`)).status]).toEqual([part, 404]);
    }
  });
});

it('a path that nobody serves is 404, with a key and without', async () => {
  expect((await get('/v1/nothing')).status).toBe(404);
  expect((await service.api('GET', '/nothing')).status).toBe(404);
});
