import pg from 'pg';
import { at } from '../support/builders.js';
import { sampleNotification } from '../support/samples.js';
import { APP, startTestService, type ApiAnswer, type TestService } from '../support/service.js';

const [READ, WRITE] = ['reader-key', 'writer-key'];

let service: TestService;
let client: pg.Client;

beforeAll(async () => {
  service = await startTestService({ API_KEYS: `reader:read:${READ},writer:write:${WRITE}` });
  client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await service.close();
});

const get = (path: string, key = READ): Promise<ApiAnswer> => service.api('GET', path, undefined, key);

/** As text, so that a test says which bytes were sent. */
function notification(sid: string, noticeId: string, sequence: number, details = '{"status":0}'): string {
  return `{ "noticeId": "${noticeId}", "productId": 3, "eventType": 40, "notifyMs": ${String(at(sequence))},\n "payload": {"cname":"c","uid":"1","sid":"${sid}","sequence":${String(sequence)},"sendts":${String(at(sequence))},"serviceType":1,"details":${details}}}`;
}

async function send(text: string | Buffer): Promise<void> {
  expect((await service.notify(Buffer.from(text))).status).toBe(200);
}

/** All pages of a list. */
async function pages(path: string, name: string, limit: number): Promise<any[]> {
  const all: any[] = [];
  let next: string | null = '';
  while (next !== null) {
    const from: string = next === '' ? '' : `&cursor=${next}`;
    const { status, body } = await get(`${path}?limit=${String(limit)}${from}`);
    expect(status).toBe(200);
    expect(body[name].length).toBeLessThanOrEqual(limit);
    all.push(...body[name]);
    next = body.next;
  }
  return all;
}

describe('the notifications of a session', () => {
  it('are shown as they came, in order of receipt, with every time that they came again', async () => {
    const [first, second] = [notification('told', 'n-1', 2), notification('told', 'n-2', 1)];
    for (const text of [first, second, first, first.replace('n-1', 'n-again')]) await send(text);
    const { body } = await get('/v1/sessions/told/notices');
    expect(body).toMatchObject({
      notices: [
        { noticeId: 'n-1', appId: APP, sid: 'told', kind: 'recorder_started', sequence: 2, deliveries: 3, body: first },
        { noticeId: 'n-2', sequence: 1, deliveries: 1, redeliveries: [], body: second, encoding: 'utf8' },
      ],
      next: null,
    });
    const times = body.notices[0].redeliveries;
    expect(times.map(({ noticeId }: any) => noticeId)).toEqual(['n-1', 'n-again']);
    expect(times[0].receivedAt >= body.notices[0].receivedAt).toBe(true);
  });

  it('page through all of them once, and no page holds more of bodies than a few megabytes', async () => {
    const long = `{"text":"${'x'.repeat(900_000)}"}`;
    for (let n = 0; n < 12; n += 1) await send(notification('paged', `p-${String(n)}`, n, n < 6 ? long : undefined));
    const wanted = Array.from({ length: 12 }, (_, n) => `p-${String(n)}`);
    for (const limit of [1, 5, 500]) {
      const all = await pages('/v1/sessions/paged/notices', 'notices', limit);
      expect(all.map(({ noticeId }) => noticeId)).toEqual(wanted);
    }
    expect((await get('/v1/sessions/paged/notices')).body.notices.length).toBeLessThan(12);
  });

  it('are there for the tests of the console too; a session that nobody knows is a 404', async () => {
    await service.notify(sampleNotification('edge-health-test'));
    const { body } = await get('/v1/sessions/test/notices');
    expect(body.notices).toMatchObject([{ isTest: true, sid: 'test' }]);
    expect((await get('/v1/sessions/nobody/notices')).status).toBe(404);
    expect((await get('/v1/sessions/told/notices?cursor=x')).status).toBe(400);
  });

  it('hide stream keys from those who may only read', async () => {
    const keys = [
      ['rtmp://live.example/app/KEY-1', 'rtmp://live.example/app/…'],
      ['rtmps:\\/\\/live.example\\/app\\/KEY-2?token=a\\/b', 'rtmps://live.example/app/…'],
      ['RTMP://h:1935/a/b/KEY-3,rtmp://h/a/KEY-4', 'RTMP://h:1935/a/b/…rtmp://h/a/…'],
      ['rtmp\\u003a\\u002F\\u002fh/app/KEY-5', 'rtmp://h/app/…'],
      ['{\\"url\\":\\"rtmp://h/app/KEY-6\\"}', '{\\"url\\":\\"rtmp://h/app/…\\"}'],
      ['rtmp://h/app and https://h/app/not-a-key', 'rtmp://h/…'],
    ];
    const details = (urls: (string | undefined)[]): string => `{"urls":[${urls.map((url) => `"${url}"`).join(',')}]}`;
    const sent = notification('streamed', 's-1', 1, details(keys.map(([url]) => url)));
    await send(sent);
    const masked = sent.replace(details(keys.map(([url]) => url)), details(keys.map(([, shown]) => shown)));
    expect((await get('/v1/sessions/streamed/notices')).body.notices[0]).toMatchObject({ masked: true, body: masked });
    expect((await get('/v1/sessions/streamed/notices', WRITE)).body.notices[0]).toMatchObject({
      masked: false,
      body: sent,
    });
    expect((await get('/v1/notices/s-1')).body.body).toBe(masked);
  });
});

describe('one notification', () => {
  it('is found by its noticeId, whatever it is of', async () => {
    await send(notification('found', 'id/with:all kinds', 1));
    expect((await get(`/v1/notices/${encodeURIComponent('id/with:all kinds')}`)).body).toMatchObject({ sid: 'found' });
    await service.notify(sampleNotification('edge-rtc-channel-destroy'));
    expect((await get('/v1/notices/2000001428:4330:107')).body).toMatchObject({ sid: null, kind: null });
    expect((await get('/v1/notices/unheard-of')).status).toBe(404);
  });

  it('says so when only its identity is left', async () => {
    await send(notification('dropped', 'was-dropped', 1));
    await client.query(`delete from notices where sid = 'dropped'`);
    const { status, body } = await get('/v1/notices/was-dropped');
    expect([status, body.detail]).toEqual([404, expect.stringMatching(/came at 20.*dropped after RETENTION_DAYS/)]);
  });
});

describe('the quarantine', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x7b]);

  it('shows what nobody could read, newest first, with why, as it came', async () => {
    await send('not JSON, with rtmp://h/app/KEY in it');
    await send(bytes);
    const { body } = await get('/v1/quarantine?limit=2', WRITE);
    expect(body.quarantine).toMatchObject([
      { appId: APP, reason: 'the body is not UTF-8', bytes: 4, encoding: 'base64', body: bytes.toString('base64') },
      { reason: 'the body is not JSON', encoding: 'utf8', body: 'not JSON, with rtmp://h/app/KEY in it' },
    ]);
    expect(body.quarantine[0]).toMatchObject({ receivedAt: expect.any(String), replayedAt: null });
    const shown = (await get('/v1/quarantine')).body.quarantine;
    expect(shown.map((one: any) => one.body)).toEqual([
      expect.not.stringContaining('KEY'),
      'not JSON, with rtmp://h/app/… in it',
    ]);
    expect(await pages('/v1/quarantine', 'quarantine', 1)).toEqual(shown);
  });

  it('is replayed by who may write, in parts: what can be read now is in its session when that is answered', async () => {
    const insert = `insert into quarantined_bodies (app_id, digest, raw, reason, received_at) values ($1, gen_random_uuid(), $2, $3, now())`;
    const raw = (sid: string): Buffer => Buffer.from(notification(sid, `of ${sid}`, 1));
    await client.query(insert, [APP, raw('replayed'), 'a reason of an older decoder']);
    await client.query(insert, [APP, raw('replayed-too'), 'a reason of an older decoder']);
    await client.query(insert, [APP, raw('refused'), 'what Postgres refuses though it can be read']);
    await client.query(`alter table notices add constraint refused check (sid <> 'refused') not valid`);
    await send(notification('told', 'n-1', 3)); // another content under a known id
    expect((await service.api('POST', '/v1/quarantine/replay', undefined, READ)).status).toBe(403);
    const replayed = { taken: 0, stay: [] as { reason: string; count: number }[] };
    let next: string | null = '';
    while (next !== null) {
      const from: string = next === '' ? '' : `&cursor=${next}`;
      const { body } = await service.api('POST', `/v1/quarantine/replay?limit=2${from}`, undefined, WRITE);
      replayed.taken += Number(body.taken);
      replayed.stay.push(...body.stay);
      next = body.next;
    }
    expect(replayed.taken).toBeGreaterThanOrEqual(2);
    expect(replayed.stay.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([
        'the body is not JSON',
        'the body is not UTF-8',
        'a known noticeId with other content',
        expect.stringContaining('violates check constraint "refused"'),
      ]),
    );
    expect((await get('/v1/sessions/replayed')).status).toBe(200);
    expect((await get('/v1/sessions/replayed-too')).status).toBe(200);
    expect((await get('/v1/sessions/told')).body.notices).toMatchObject({ events: 2 });
    const waiting = (await get('/v1/quarantine?waiting=true')).body.quarantine;
    expect(waiting.every(({ replayedAt }: any) => replayedAt === null)).toBe(true);
    const all = (await get('/v1/quarantine')).body.quarantine;
    expect(all.length).toBe(Number(waiting.length) + replayed.taken);
  });
});
