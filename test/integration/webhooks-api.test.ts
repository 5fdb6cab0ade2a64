import pg from 'pg';
import { startTestService, type TestService } from '../support/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService({ WEBHOOK_ALLOWED_HOSTS: '127.0.0.0/8', SECRETS_KEY: 'a-key-for-the-tests-only' });
});
afterAll(() => service.close());

const URL_HERE = 'http://127.0.0.1:9/hook';

async function makeEndpoint(more: object = {}): Promise<any> {
  const { status, body } = await service.api('POST', '/v1/webhooks', { url: URL_HERE, ...more });
  expect(status).toBe(201);
  return body;
}

describe('the endpoints of webhooks', () => {
  it('show a secret once, when they are made', async () => {
    const made = await makeEndpoint({ description: 'billing', types: ['session.ended'], appIds: ['app-1'] });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const read = await service.api('GET', `/v1/webhooks/${made.id}`);
    const { secret: _secret, ...shown } = made;
    expect(read.body).toEqual(shown);
    expect(shown).toMatchObject({
      url: URL_HERE,
      description: 'billing',
      types: ['session.ended'],
      appIds: ['app-1'],
      state: 'active',
    });
  });

  it('take a secret of the caller, if it is one', async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    expect((await makeEndpoint({ secret })).secret).toBe(secret);
    const { status } = await service.api('POST', '/v1/webhooks', { url: URL_HERE, secret: 'whsec_short' });
    expect(status).toBe(422);
  });

  it('are listed by pages, the oldest first', async () => {
    const made = [await makeEndpoint(), await makeEndpoint()];
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await service.api('GET', `/v1/webhooks?limit=1${cursor}`);
      ids.push(...body.webhooks.map(({ id }: { id: string }) => id));
      if (body.next === null) break;
      cursor = `&cursor=${String(body.next)}`;
    }
    expect(ids.slice(-2)).toEqual(made.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('change in what is told, and keep the rest', async () => {
    const { id } = await makeEndpoint({ description: 'old', types: ['session.ended'] });
    const changed = await service.api('PATCH', `/v1/webhooks/${id}`, { description: 'new' });
    expect(changed.body).toMatchObject({ description: 'new', types: ['session.ended'], url: URL_HERE });
    const all = await service.api('PATCH', `/v1/webhooks/${id}`, { types: null });
    expect(all.body).toMatchObject({ description: 'new', types: null });
  });

  it('are paused and resumed', async () => {
    const { id } = await makeEndpoint();
    expect((await service.api('POST', `/v1/webhooks/${id}/pause`)).body).toMatchObject({
      state: 'paused',
      pausedBecause: 'asked',
    });
    expect((await service.api('POST', `/v1/webhooks/${id}/resume`)).body).toMatchObject({
      state: 'active',
      pausedBecause: null,
    });
  });

  it('get another secret when it is rotated', async () => {
    const { id, secret } = await makeEndpoint();
    const rotated = await service.api('POST', `/v1/webhooks/${id}/rotate-secret`);
    expect(rotated.status).toBe(200);
    expect(rotated.body.secret).toMatch(/^whsec_/);
    expect(rotated.body.secret).not.toBe(secret);
  });

  it('are gone once they are deleted, with all that belongs to them', async () => {
    const { id } = await makeEndpoint();
    expect((await service.api('POST', `/v1/webhooks/${id}/test`)).status).toBe(202);
    expect((await service.api('DELETE', `/v1/webhooks/${id}`)).status).toBe(204);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/test'],
      ['POST', '/pause'],
      ['POST', '/resume'],
      ['POST', '/rotate-secret'],
      ['POST', '/redrive'],
      ['GET', '/deliveries'],
    ] as const) {
      const body = method === 'PATCH' ? {} : undefined;
      const { status } = await service.api(method, `/v1/webhooks/${id}${path}`, body);
      expect([method, path, status]).toEqual([method, path, 404]);
    }
  });

  it('may not be where only this machine and its neighbours can reach', async () => {
    for (const url of [
      'https://10.1.2.3/hook',
      'https://192.168.0.1/hook',
      'https://169.254.169.254/latest/meta-data',
      'https://[fe80::1]/hook',
      'https://[fc00::1]/hook',
      'https://[::ffff:10.0.0.1]/hook',
      'https://[64:ff9b::a00:1]/hook',
      'https://[2002:a00:1::]/hook',
      'https://0.0.0.0/hook',
      'http://93.184.216.34/plain',
      'ftp://93.184.216.34/hook',
      'https://user:password@93.184.216.34/hook',
    ]) {
      const made = await service.api('POST', '/v1/webhooks', { url });
      expect([url, made.status]).toEqual([url, 422]);
    }
    const { id } = await makeEndpoint();
    const changed = await service.api('PATCH', `/v1/webhooks/${id}`, { url: 'https://10.1.2.3/hook' });
    expect(changed.status).toBe(422);
  });

  it('are refused with 400 where the request is not well-formed', async () => {
    for (const body of [
      {},
      { url: 'no url' },
      { url: URL_HERE, types: ['session.vanished'] },
      { url: URL_HERE, types: [] },
    ]) {
      expect((await service.api('POST', '/v1/webhooks', body)).status).toBe(400);
    }
    const { id } = await makeEndpoint();
    expect((await service.api('POST', `/v1/webhooks/${id}/redrive`, { from: 'yesterday' })).status).toBe(400);
    expect((await service.api('GET', `/v1/webhooks/${id}/deliveries?state=lost`)).status).toBe(400);
  });

  it('keep no secret in the database that could be read there', async () => {
    const { id, secret } = await makeEndpoint();
    const client = new pg.Client({ connectionString: service.database.url });
    await client.connect();
    const { rows } = await client.query(`select * from webhook_endpoints where id = $1`, [id]);
    await client.end();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(String(secret).slice(6, 30));
  });
});
