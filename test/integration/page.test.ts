import { request } from 'undici';
import { startTestService, type TestService } from '../support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ API_KEYS: 'desk:read:page-key-0123456789' });
});
afterAll(async () => {
  await service.close();
});

function ask(path: string, accept = 'text/html', headers: Record<string, string> = {}) {
  return request(`http://127.0.0.1:${String(service.app.apiPort)}${path}`, { headers: { accept, ...headers } });
}

const VIEWS = ['/', '/now', '/sessions', '/sessions/4711?asOf=x', '/delivery', '/budget', '/webhooks', '/set-up'];

describe('the page', () => {
  it('is served at the address of each view, without a key, with a strict policy', async () => {
    for (const path of VIEWS) {
      const { statusCode, headers, body } = await ask(path);
      expect([path, statusCode]).toEqual([path, 200]);
      expect(await body.text()).toContain('<div id="page">');
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(headers['content-security-policy']).toContain("trusted-types 'none'");
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers['cache-control']).toBe('no-cache');
    }
  });

  it('is not sent again while it is the same', async () => {
    const { headers, body } = await ask('/');
    await body.dump();
    const again = await ask('/', 'text/html', { 'if-none-match': String(headers['etag']) });
    expect([again.statusCode, await again.body.text()]).toEqual([304, '']);
  });

  it('has parts that may be kept for a year, for their names change with them', async () => {
    const document = await (await ask('/')).body.text();
    const parts = [...document.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(parts.length).toBe(2);
    for (const path of parts) {
      const { statusCode, headers, body } = await ask(path);
      await body.dump();
      expect([statusCode, headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
      expect(headers['content-type']).toMatch(/^text\/(javascript|css)/);
    }
  });

  it('leaves what is no view to the API: paths to who asks for JSON, and its 404s', async () => {
    const places = await ask('/', 'application/json');
    expect(await places.body.json()).toMatchObject({ sessions: '/v1/sessions' });
    for (const path of ['/nowhere', '/assets/none.js', '/sessions/a/b']) {
      const { statusCode, headers, body } = await ask(path);
      await body.dump();
      expect([path, statusCode, headers['content-type']]).toEqual([
        path,
        404,
        expect.stringContaining('application/problem+json'),
      ]);
    }
    const refused = await ask('/v1/sessions');
    await refused.body.dump();
    expect(refused.statusCode).toBe(401);
  });
});
