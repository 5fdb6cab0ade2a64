import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { at } from '../support/builders.js';
import { sampleNotification } from '../support/samples.js';
import { APP, NCS_SECRET, signed, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

let service: TestService;
let pool: pg.Pool;

beforeAll(async () => {
  service = await startTestService({
    AGORA_NCS_SECRET: `${NCS_SECRET},next-secret`,
    NOTICE_MAX_BYTES: '2000',
  });
  pool = new pg.Pool({ connectionString: service.database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await service.close();
});

let made = 0;

function notification(told: Record<string, unknown> = {}, payload: Record<string, unknown> = {}) {
  made += 1;
  const sid = `sid-${String(made)}`;
  return {
    noticeId: `notice-${String(made)}`,
    productId: 3,
    eventType: 40,
    notifyMs: at(1),
    payload: {
      cname: 'c',
      uid: '1',
      sid,
      sequence: 1,
      sendts: at(1),
      serviceType: 1,
      details: { status: 0 },
      ...payload,
    },
    ...told,
  };
}

async function count(table: string, where: string, value: unknown): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from ${table} where ${where}`, [value]);
  return rows[0]?.n ?? 0;
}

const kept = (noticeId: string): Promise<number> => count('notices', 'notice_id = $1', noticeId);

describe('a notification', () => {
  it('is answered 200 with JSON, and is in the table by then', async () => {
    const body = notification();
    const answer = await service.notify(body);
    expect(answer).toMatchObject({ status: 200, text: '{}' });
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(await kept(body.noticeId)).toBe(1);
  });

  it('becomes a session that the API knows', async () => {
    const body = notification();
    await service.notify(body);
    const path = `/v1/sessions/${body.payload.sid}`;
    const found = await waitFor(
      async () => {
        const { status, body: session } = await service.api('GET', path);
        return status === 200 && session;
      },
      { deadlineMs: 5_000, what: 'the session' },
    );
    expect(found).toMatchObject({ appId: APP, state: 'recording', certainty: 'reported', queryable: false });
  });

  it('that comes twice is answered alike and kept once, also under another id', async () => {
    const body = notification();
    await service.notify(body);
    expect((await service.notify({ ...body, notifyMs: at(9) })).status).toBe(200);
    expect((await service.notify({ ...body, noticeId: 'another' })).status).toBe(200);
    expect((await kept(body.noticeId)) + (await kept('another'))).toBe(1);
    expect(await count('repeated_deliveries', 'sid = $1', body.payload.sid)).toBe(2);
  });

  it('that brings other content under a known id is not lost, and no event of its own', async () => {
    const body = notification();
    await service.notify(body);
    const other = { ...body, payload: { ...body.payload, details: { status: 1 } } };
    expect((await service.notify(other)).status).toBe(200);
    expect(await kept(body.noticeId)).toBe(1);
    const raw = Buffer.from(JSON.stringify(other));
    expect(await count('quarantined_bodies', 'raw = $1', raw)).toBe(1);
  });

  it('finds its app by the secret that fits, where the address names none', async () => {
    const body = notification();
    expect((await service.notify(body, '/ncs')).status).toBe(200);
    expect(await count('notices', 'app_id = $1', APP)).toBeGreaterThan(0);
    expect(await kept(body.noticeId)).toBe(1);
  });

  it('may be signed with any of the active secrets', async () => {
    const body = notification();
    const bytes = Buffer.from(JSON.stringify(body));
    const answer = await service.receiver(`/ncs/${APP}`, bytes, signed(bytes, 'next-secret'));
    expect(answer.status).toBe(200);
  });

  it('with only the older signature is accepted', async () => {
    const bytes = Buffer.from(JSON.stringify(notification()));
    const { 'agora-signature-v2': _, ...older } = signed(bytes);
    expect((await service.receiver(`/ncs/${APP}`, bytes, older)).status).toBe(200);
  });

  it('is read whatever its content type says', async () => {
    const bytes = Buffer.from(JSON.stringify(notification()));
    const headers = { ...signed(bytes), 'content-type': 'text/plain' };
    expect((await service.receiver(`/ncs/${APP}`, bytes, headers)).status).toBe(200);
  });

  it('of an unknown event or with unknown fields is evidence like any other', async () => {
    const body = notification({ eventType: 777, extra: { deep: [1] } }, { novel: true });
    expect((await service.notify(body)).status).toBe(200);
    expect(await kept(body.noticeId)).toBe(1);
  });

  it('with NUL characters and half surrogate pairs is kept as it came', async () => {
    const text = JSON.stringify(notification()).replace('"cname":"c"', '"cname":"a\\u0000\\ud800b"');
    const bytes = Buffer.from(text);
    expect((await service.notify(bytes)).status).toBe(200);
    expect(await count('notices', 'raw = $1', text)).toBe(1);
  });
});

describe('what is not a notification of a recording', () => {
  it.each([
    ['not JSON', Buffer.from('eventType=40')],
    ['not a shape we know', Buffer.from('{"hello":"world"}')],
    ['bytes that are no text', Buffer.from([0, 255, 254, 0x7b])],
    ['nothing at all', Buffer.alloc(0)],
    ['a sid longer than any', Buffer.from(JSON.stringify(notification({}, { sid: 's'.repeat(300) })))],
    [
      'a notification nested too deeply for any reader',
      Buffer.from(
        `{"productId":3,"eventType":40,"payload":{"sid":"deep","details":{"a":${'['.repeat(500)}${']'.repeat(500)}}}}`,
      ),
    ],
    ['keys that reach for prototypes', Buffer.from('{"__proto__":{"eventType":40,"payload":{"sid":"x"}}}')],
  ])('but is signed is answered 200 and kept raw: %s', async (_what, bytes) => {
    expect(await service.notify(bytes)).toMatchObject({ status: 200, text: '{}' });
    expect(await count('quarantined_bodies', 'raw = $1', bytes)).toBe(1);
    await service.notify(bytes);
    expect(await count('quarantined_bodies', 'raw = $1', bytes)).toBe(1);
  });

  it('is kept and never a session: test events of the console', async () => {
    await service.notify(sampleNotification('edge-health-test'));
    const other = notification({}, { cname: 'test_webhook' });
    await service.notify(other);
    const last = notification();
    await service.notify(last);
    const isFolded = async (): Promise<boolean> =>
      (await service.api('GET', `/v1/sessions/${last.payload.sid}`)).status === 200;
    await waitFor(isFolded, { deadlineMs: 5_000, what: 'the session of a later notification' });
    // What came before it was folded by then, had it been marked at all.
    expect(await count('pending_evidence', 'sid = any($1)', ['test', other.payload.sid])).toBe(0);
    expect(await count('notices', 'is_test and sid = $1', 'test')).toBe(1);
    expect(await count('notices', 'is_test and sid = $1', other.payload.sid)).toBe(1);
    expect((await service.api('GET', '/v1/sessions/test')).status).toBe(404);
    expect((await service.api('GET', `/v1/sessions/${other.payload.sid}`)).status).toBe(404);
  });

  it('is kept and never a session: another product', async () => {
    await service.notify(sampleNotification('edge-rtc-channel-destroy'));
    expect(await kept('2000001428:4330:107')).toBe(1);
    const { body } = await service.api('GET', '/v1/sessions?limit=500');
    expect(body.sessions.filter(({ sid }: { sid: string }) => sid === '')).toEqual([]);
  });
});

/** Signed, and without telling how long it is; gives the status. */
async function sendInChunks(body: Buffer): Promise<number> {
  const address = { host: '127.0.0.1', port: service.app.receiverPort, path: `/ncs/${APP}` };
  const headers = { ...signed(body), 'transfer-encoding': 'chunked' };
  const sending = request({ ...address, method: 'POST', headers });
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  sending.write(body.subarray(0, 1_000));
  sending.end(body.subarray(1_000));
  const [response] = await answered;
  expect(sending.getHeader('content-length')).toBeUndefined();
  response.resume();
  return response.statusCode ?? 0;
}

describe('a request is refused and leaves nothing', () => {
  const bytes = Buffer.from(JSON.stringify(notification({ noticeId: 'refused' })));

  it.each<[string, string, Record<string, string>]>([
    ['without a signature', `/ncs/${APP}`, {}],
    ['with a wrong one', `/ncs/${APP}`, signed(bytes, 'guess')],
    ['with a right V1 beside a wrong V2', `/ncs/${APP}`, { ...signed(bytes), 'agora-signature-v2': '0'.repeat(64) }],
    ['for an app we do not know', '/ncs/other', signed(bytes)],
    ['for an app named by a trick', '/ncs/__proto__', signed(bytes)],
    ['where no secret fits', '/ncs', signed(bytes, 'guess')],
  ])('401 %s', async (_why, path, headers) => {
    const answer = await service.receiver(path, bytes, headers);
    expect(answer.status).toBe(401);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(await kept('refused')).toBe(0);
  });

  it('and is counted', async () => {
    await service.receiver(`/ncs/${APP}`, bytes, {});
    const rejected = async (): Promise<boolean> => {
      const { body } = await service.api('GET', '/v1/summary');
      return body.notices.rejected > 0;
    };
    await waitFor(rejected, { deadlineMs: 5_000, what: 'the refusal to be counted' });
  });

  it('401 when its body was changed on the way, by a single byte', async () => {
    const changed = Buffer.from(bytes);
    changed[bytes.length - 1] = 0x20;
    expect((await service.receiver(`/ncs/${APP}`, changed, signed(bytes))).status).toBe(401);
  });

  it('413 when it is too large, with or without a length', async () => {
    const [large, fitting] = [Buffer.alloc(2_001, 0x20), Buffer.alloc(2_000, 0x20)];
    expect((await service.notify(large)).status).toBe(413);
    expect(await sendInChunks(large)).toBe(413);
    expect((await service.notify(fitting)).status).toBe(200);
    expect(await sendInChunks(fitting)).toBe(200);
  });

  it('415 when it is compressed: the signature is over bytes, not over what they unpack to', async () => {
    const packed = gzipSync(bytes);
    const headers = { ...signed(packed), 'content-encoding': 'gzip' };
    expect((await service.receiver(`/ncs/${APP}`, packed, headers)).status).toBe(415);
  });
});

describe('the public listener', () => {
  it('serves health, and nothing else', async () => {
    const ask = async (method: string, path: string): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${String(service.app.receiverPort)}${path}`, {
        method,
      });
      return response.status;
    };
    expect(await ask('GET', '/healthz')).toBe(200);
    for (const path of [
      '/',
      '/v1/sessions',
      '/metrics',
      '/readyz',
      '/docs',
      '/ncs/a/b',
      '/ncs/../metrics',
      '/%2e%2e/metrics',
    ]) {
      expect([path, await ask('GET', path)]).toEqual([path, 404]);
      expect([path, await ask('POST', path)]).toEqual([path, 404]);
    }
    expect(await ask('POST', '/ncs/%E0%A4%A')).toBe(400);
  });

  it('keeps a connection for any number of requests, and says for how long', async () => {
    const bytes = Buffer.from(JSON.stringify(notification()));
    const lines = Object.entries(signed(bytes)).map(([name, value]) => `${name}: ${value}\r\n`);
    const request = `POST /ncs/${APP} HTTP/1.1\r\nhost: x\r\ncontent-length: ${String(bytes.length)}\r\n${lines.join('')}\r\n${bytes.toString()}`;
    const socket = createConnection(service.app.receiverPort ?? 0, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));
    for (let n = 1; n <= 150; n += 1) {
      socket.write(request);
      await waitFor(() => received.split('HTTP/1.1 200').length === n + 1, { deadlineMs: 5_000 });
    }
    socket.destroy();
    const seconds = Number(/keep-alive: timeout=(\d+)/i.exec(received)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(65);
  });
});
