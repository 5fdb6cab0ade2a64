import { fetchDocumented } from '../support/fetch-documented.js';
import { listChanges } from '../../src/db/sessions/changes.js';
import { cutFeed } from '../../src/db/sessions/cut-feed.js';
import { readFeedState } from '../../src/db/sessions/feed.js';
import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { DAY_MS, plusMs, unixMs } from '../../src/evidence/instant.js';
import { at } from '../support/builders.js';
import { inDatabase } from '../support/acknowledged.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';
import { APP, startTestService, type ApiAnswer, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ REORDER_GRACE_MS: '100', START_CHECK_AFTER_MS: '60000' });
});
afterAll(async () => {
  await service.close();
});

const get = (path: string): Promise<ApiAnswer> => service.api('GET', path);
const sql = (text: string): Promise<any[]> =>
  inDatabase(service.database.url, async (client) => (await client.query(text)).rows);

async function tell(sid: string, eventType: number, seconds: number, details = {}): Promise<void> {
  const payload = { cname: 'lesson', uid: '1', sid, sequence: 0, sendts: at(seconds), serviceType: 0, details };
  const noticeId = `${sid}-${String(eventType)}-${String(seconds)}`;
  await service.notify({ noticeId, productId: 3, eventType, notifyMs: at(seconds), payload });
}

async function reads(sid: string, condition: (session: any) => boolean): Promise<any> {
  return waitFor(
    async () => {
      const { status, body } = await get(`/v1/sessions/${sid}`);
      return status === 200 && condition(body) ? body : null;
    },
    { deadlineMs: 10_000, what: sid },
  );
}

const started = (sid: string) => tell(sid, 40, 2, { status: 0 });
const beat = (sid: string, minute: number) => tell(sid, 33, minute * 60, { progress: minute });

async function lived(sid: string): Promise<any> {
  await service.api('PUT', `/v1/sessions/${sid}`, {
    appId: APP,
    resourceId: 'r',
    mode: 'mix',
    cname: 'lesson',
    uid: '1',
  });
  await started(sid);
  await reads(sid, ({ state }) => state === 'recording');
  await tell(sid, 11, 100, { exitStatus: 0 });
  return reads(sid, ({ certainty, state }) => state === 'ended' && certainty === 'confirmed');
}

const tagOf = (version: number): string => `W/"${String(version)}"`;

async function conditional(path: string, headers: Record<string, string>): Promise<Response> {
  return fetchDocumented(`http://127.0.0.1:${String(service.app.apiPort)}${path}`, { headers });
}

describe('a session that is asked for again', () => {
  it('is 304 where the reader has that version, whatever it counted since, with no-cache too', async () => {
    await started('tagged');
    await beat('tagged', 1);
    const { version } = await reads('tagged', ({ notices }) => notices.events === 2);
    await beat('tagged', 2);
    const now = await reads('tagged', ({ notices }) => notices.events === 3);
    expect(now.version).toBe(version);
    const tag = tagOf(version);
    for (const headers of [{}, { 'cache-control': 'no-cache' }]) {
      for (const known of [tag, `"${String(version)}"`, `W/"999", ${tag}`, '*']) {
        const answer = await conditional('/v1/sessions/tagged', { 'if-none-match': known, ...headers });
        expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([304, tag, '']);
      }
      const other = await conditional('/v1/sessions/tagged', { 'if-none-match': tagOf(999), ...headers });
      expect([other.status, other.headers.get('etag')]).toEqual([200, tag]);
      await other.text();
    }
  });
});

describe('what was known when', () => {
  it('has every version, newest first and paged, with what it changed and the evidence that led to it', async () => {
    const { version } = await lived('known');
    const { body } = await get('/v1/sessions/known/versions?limit=2');
    expect(body.versions).toHaveLength(2);
    expect(body.versions[0]).toEqual({
      version,
      at: expect.stringMatching(/Z$/),
      cursor: expect.stringMatching(/^\d+$/),
      changed: ['certainty'],
      because: [{ source: 'query', kind: 'not_found', at: expect.any(String), receivedAt: expect.any(String) }],
    });
    const rest = await get(`/v1/sessions/known/versions?limit=100&cursor=${String(body.next)}`);
    const all = [...body.versions, ...rest.body.versions];
    expect(all.map((one: any) => one.version)).toEqual(Array.from({ length: version }, (_, n) => version - n));
    expect(rest.body.next).toBeNull();
    expect(all[1]).toMatchObject({
      changed: expect.arrayContaining(['endedAt.at', 'outcome', 'state']),
      because: [{ source: 'notice', kind: 'session_exit' }],
    });
    expect(all.at(-1)).toMatchObject({ because: [{ source: 'registration', kind: 'registered' }] });
    expect((await get('/v1/sessions/nobody/versions')).status).toBe(404);
  });

  it('is the newest version that is not later, and 404 before the first', async () => {
    await lived('then');
    const { versions } = (await get('/v1/sessions/then/versions')).body;
    for (const { version, at: madeAt } of versions) {
      const { body, headers } = await get(`/v1/sessions/then?asOf=${String(madeAt)}`);
      expect(body.updatedAt).toBe(madeAt);
      expect(body.version).toBeGreaterThanOrEqual(version);
      expect(headers['etag']).toBe(tagOf(body.version));
    }
    const first = versions.at(-1);
    const before = new Date(Date.parse(first.at) - 1).toISOString();
    expect((await get(`/v1/sessions/then?asOf=${before}`)).status).toBe(404);
    expect((await get(`/v1/sessions/then?asOf=${first.at as string}`)).body).toMatchObject({
      state: 'registered',
      version: 1,
    });
    expect((await get('/v1/sessions/then?asOf=2999-01-01T00:00:00Z')).body.state).toBe('ended');
    expect((await get('/v1/sessions/then?asOf=yesterday')).status).toBe(400);
  });
});

describe('the change feed', () => {
  it('answers 410 with a sentence to a cursor that is ahead of it or of another feed, and never an empty page', async () => {
    await started('ahead');
    await reads('ahead', () => true);
    const { body } = await get('/v1/changes?limit=500');
    const last = body.next as string;
    expect(body.feed).toMatch(/^[0-9a-f-]{36}$/);
    expect((await get(`/v1/changes?after=${last}&feed=${body.feed as string}`)).body).toEqual({
      changes: [],
      next: last,
      feed: body.feed,
    });
    const ahead = await get(`/v1/changes?after=${String(Number(last) + 1_000)}`);
    expect([ahead.status, ahead.body.begin, ahead.body.feed]).toEqual([410, '0', body.feed]);
    expect(ahead.body.detail).toMatch(/ahead of this feed, which ends at \d+/);
    const foreign = await get(`/v1/changes?after=${last}&feed=00000000-0000-4000-8000-000000000000`);
    expect([foreign.status, foreign.body.title]).toEqual([410, 'The cursor is of another feed']);
  });

  it('holds an empty answer back until there is one, or the time is over', async () => {
    let { next } = (await get('/v1/changes?limit=500')).body;
    const page = async (): Promise<any> => (await get(`/v1/changes?after=${next as string}&wait=1`)).body;
    let begin = performance.now();
    for (let body = await page(); body.changes.length > 0; body = await page()) {
      next = body.next;
      begin = performance.now();
    }
    expect(performance.now() - begin).toBeGreaterThan(950);
    const waiting = Array.from({ length: 20 }, () => get(`/v1/changes?after=${next as string}&wait=60`));
    // They take nobody's turn: reads are served beside them.
    expect((await get('/v1/sessions/ahead')).status).toBe(200);
    await started('awaited');
    for (const { body } of await Promise.all(waiting)) expect(body.changes[0].sid).toBe('awaited');
    expect(performance.now() - begin).toBeLessThan(15_000);
    expect((await get('/v1/changes?wait=61')).status).toBe(400);
  });

  it('lets a waiting reader go when the service stops', async () => {
    const other = await startTestService();
    const waiting = fetchDocumented(`http://127.0.0.1:${String(other.app.apiPort)}/v1/changes?wait=60`);
    await inDatabase(other.database.url, (client) =>
      waitFor(
        async () =>
          (
            await client.query(
              `select from pg_stat_activity where datname = current_database() and query like 'select max(changes.cursor)%'`,
            )
          ).rowCount !== 0,
        { deadlineMs: 5_000, what: 'the waiting reader' },
      ),
    );
    const begin = performance.now();
    const [answer] = await Promise.all([waiting.then((response) => response.json()), other.close()]);
    expect(answer).toMatchObject({ changes: [] });
    expect(performance.now() - begin).toBeLessThan(4_500);
  });

  it('that is cut says from where on nothing is missing', async () => {
    await lived('cut');
    const before = (await get('/v1/sessions/cut/versions')).body.versions;
    await sql(`update changes set at = at - interval '40 days'`);
    await inDatabase(service.database.url, (client) => cutFeed(client as never, unixMs(Date.now() - 30 * DAY_MS)));
    const after = (await get('/v1/sessions/cut/versions')).body.versions;
    expect(after).toHaveLength(1);
    const [{ cut_at: cut }] = await sql('select cut_at from feed');
    const lost = await get('/v1/changes?after=1');
    expect([lost.status, lost.body.begin]).toEqual([410, cut]);
    expect((await get('/v1/changes?after=0')).status).toBe(410);
    expect((await get(`/v1/changes?after=${cut as string}`)).status).toBe(200);
    const anew = (await get('/v1/changes?limit=500')).body.changes;
    expect(anew.filter(({ sid }: any) => sid === 'cut')).toHaveLength(1);
    expect(await readAllFromTheStart(1)).toEqual(anew);
    const longAgo = new Date(Date.parse(before.at(-1).at) - 41 * DAY_MS).toISOString();
    expect((await get(`/v1/sessions/cut?asOf=${longAgo}`)).status).toBe(410);
  });
});

/** As a new reader does: page by page, from the oldest versions that are kept. */
async function readAllFromTheStart(limit: number): Promise<unknown[]> {
  const all: unknown[] = [];
  let page = (await get(`/v1/changes?limit=${String(limit)}`)).body;
  while (page.changes.length > 0) {
    all.push(...page.changes);
    page = (await get(`/v1/changes?limit=${String(limit)}&after=${page.next as string}&feed=${page.feed as string}`))
      .body;
  }
  return all;
}

describe('cutting the feed', () => {
  let ledger: TestLedger;
  beforeEach(async () => {
    ledger = await createTestLedger();
  });
  afterEach(async () => {
    await ledger.close();
  });

  const live = async (sid: string, over: boolean): Promise<void> => {
    const rows = [
      aRow(1, 40, { status: 0 }, { sid, sequence: 0 }),
      aRow(2, 41, { leaveCode: 16 }, { sid, sequence: 1 }),
    ];
    const exit = aRow(3, 11, { exitStatus: 0 }, { sid, sequence: 0, serviceType: 0 });
    for (const row of over ? [...rows, exit] : rows) {
      await storeNotices(ledger.db.pool, [row], 1);
      await foldAll(ledger.context);
    }
  };

  const kept = async (): Promise<Record<string, number[]>> => {
    const found: Record<string, number[]> = {};
    for (const { sid, version } of await listChanges(ledger.db.pool, '0', 500))
      found[sid] = [...(found[sid] ?? []), version];
    return found;
  };

  it('leaves a live session all its versions, and every session its last; it is looked at once', async () => {
    await live('lives', false);
    await live('over', true);
    expect(await kept()).toEqual({ lives: [1, 2], over: [1, 2, 3] });
    const later = plusMs(unixMs(Date.now()), DAY_MS);
    expect(await cutFeed(ledger.db.pool, unixMs(Date.now() - DAY_MS))).toEqual({ dropped: 0, more: false });
    expect(await cutFeed(ledger.db.pool, later)).toEqual({ dropped: 2, more: false });
    expect(await kept()).toEqual({ lives: [1, 2], over: [3] });
    const { cut } = await readFeedState(ledger.db.pool);
    expect(String(cut)).toBe('4');
    await storeNotices(
      ledger.db.pool,
      [aRow(3, 11, { exitStatus: 0 }, { sid: 'lives', sequence: 0, serviceType: 0 })],
      1,
    );
    await foldAll(ledger.context);
    expect(await cutFeed(ledger.db.pool, later)).toEqual({ dropped: 2, more: false });
    expect(await kept()).toEqual({ lives: [3], over: [3] });
    expect(await cutFeed(ledger.db.pool, later)).toEqual({ dropped: 0, more: false });
  });

  it('of a database that is a copy of another is a feed of its own', async () => {
    const copy = await createTestLedger();
    const mine = await readFeedState(ledger.db.pool);
    expect(await readFeedState(ledger.db.pool)).toEqual(mine);
    expect((await readFeedState(copy.db.pool)).id).not.toBe(mine.id);
    await copy.close();
  });
});
