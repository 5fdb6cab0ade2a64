import pg from 'pg';
import { at } from '../support/builders.js';
import { ALIVE } from '../support/stub-agora.js';
import { APP, startTestService, type ApiAnswer, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

let service: TestService;
let client: pg.Client;

beforeAll(async () => {
  service = await startTestService({ REORDER_GRACE_MS: '200', START_CHECK_AFTER_MS: '100' });
  client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
  service.agora.answerWith(ALIVE);
  await tellOfAll();
});
afterAll(async () => {
  await client.end();
  await service.close();
});

const get = (path: string): Promise<ApiAnswer> => service.api('GET', path);

async function sidsOf(query: string): Promise<string[]> {
  const { status, body } = await get(`/v1/sessions?${query}`);
  expect([query, status]).toEqual([query, 200]);
  return body.sessions.map(({ sid }: any) => sid);
}

async function register(sid: string, told: Record<string, unknown> = {}): Promise<void> {
  const body = { appId: APP, resourceId: `of-${sid}`, mode: 'mix', cname: 'lesson', uid: '900001', ...told };
  expect((await service.api('PUT', `/v1/sessions/${sid}`, body)).status).toBe(201);
}

async function tell(sid: string, eventType: number, sequence: number, seconds: number, details = {}): Promise<void> {
  const payload = { cname: 'lesson', uid: '900001', sid, sequence, sendts: at(seconds), serviceType: 0, details };
  const noticeId = `${sid}-${String(sequence)}`;
  await service.notify({ noticeId, productId: 3, eventType, notifyMs: at(seconds), payload });
}

async function until(sid: string, condition: (session: any) => boolean): Promise<void> {
  await waitFor(
    async () => {
      const { status, body } = await get(`/v1/sessions/${sid}`);
      return status === 200 && condition(body);
    },
    { deadlineMs: 10_000, what: sid },
  );
}

/** One that runs and can be asked about, one that ended with its files, one of an app that nobody configured. */
async function tellOfAll(): Promise<void> {
  await register('alive', { cname: 'hall', uid: '7', startedAt: new Date().toISOString() });
  await until('alive', ({ serviceStatus }) => serviceStatus === 5);
  await tell('ended', 40, 1, 1, { status: 0 });
  await tell('ended', 31, 2, 90, { status: 0, uploadingStatus: 'uploaded', fileList: [] });
  await tell('ended', 11, 3, 100, { exitStatus: 0 });
  await until('ended', ({ state, upload }) => state === 'ended' && upload.state === 'uploaded');
  await register('foreign', { appId: 'nobody', cname: '100%_sure', mode: 'web' });
}

describe('sessions are found', () => {
  it.each([
    ['state=recording,ended', ['ended', 'alive']],
    ['state=ended', ['ended']],
    ['mode=mix,web', ['foreign', 'alive']],
    ['outcome=completed,vanished', ['ended']],
    [`appId=${APP},nobody&mode=web`, ['foreign']],
    ['upload=uploaded', ['ended']],
    ['upload=unknown', ['foreign', 'alive']],
    ['finding=app_not_configured', ['foreign']],
    ['finding=app_not_configured,unheard_of', ['foreign']],
    ['finding=unheard_of', []],
    ['uid=7', ['alive']],
    ['uid=7,900001', ['foreign', 'ended', 'alive']],
    ['resourceId=of-alive', ['alive']],
    ['serviceStatus=5', ['alive']],
    ['serviceStatus=4,5', ['alive']],
    ['serviceStatus=6', []],
    ['queryable=true', ['alive']],
    ['queryable=false', ['foreign', 'ended']],
    [`endedFrom=${new Date(at(100)).toISOString()}`, ['ended']],
    [`endedFrom=${new Date(at(101)).toISOString()}`, []],
    [`endedTo=${new Date(at(100)).toISOString()}`, []],
    [`endedTo=${new Date(at(101)).toISOString()}`, ['ended']],
    ['q=ali', ['alive']],
    ['q=hal', ['alive']],
    ['q=e', ['ended']],
    ['q=100%25_', ['foreign']],
    ['q=100__', []],
    ['q=%25', []],
    ['cname=hall&queryable=true&state=recording&uid=7', ['alive']],
    ['order=oldest', ['alive', 'ended', 'foreign']],
    ['order=newest', ['foreign', 'ended', 'alive']],
  ])('by %s', async (query, sids) => {
    expect(await sidsOf(query)).toEqual(sids);
  });

  it.each([
    'state=recording,gone',
    'state=',
    'state=recording,',
    'serviceStatus=five',
    'serviceStatus=99999',
    'queryable=yes',
    'endedFrom=now',
    'q=',
    'order=best',
    'count=1',
    `uid=${Array.from({ length: 51 }, (_, n) => String(n)).join(',')}`,
  ])('by nothing that is not understood: %s', async (query) => {
    expect((await get(`/v1/sessions?${query}`)).status).toBe(400);
  });

  it('and counted where that is asked for', async () => {
    expect((await get('/v1/sessions?limit=1')).body).not.toHaveProperty('count');
    const { body } = await get('/v1/sessions?limit=1&count=true');
    expect(body).toMatchObject({ count: { value: 3, exact: true }, sessions: [{ sid: 'foreign' }] });
    expect((await get('/v1/sessions?state=ended&count=true')).body.count).toEqual({ value: 1, exact: true });
  });
});

describe('pages', () => {
  const MANY = 12_000;

  beforeAll(async () => {
    await client.query(
      `insert into sessions (sid, app_id, mode, cname, state, certainty, has_gaps, created_at, updated_at, version, facts, session)
       select 'many-' || n, 'many', 'mix', 'crowd', 'recording', 'reported', false, $1::timestamptz + n % 7 * interval '1 ms',
              $1::timestamptz + n * interval '1 ms', 1, sessions.facts,
              sessions.session || jsonb_build_object('sid', 'many-' || n, 'appId', 'many')
       from sessions, generate_series(1, ${String(MANY)}) as n where sessions.sid = 'alive'`,
      [new Date(at(0))],
    );
    await client.query(
      `insert into changes (sid, version, at, session)
       select sid, version, updated_at, session from sessions where app_id = 'many' order by updated_at`,
    );
    await client.query('analyze sessions, changes');
  });

  /** A new version of each, as saving writes it. */
  async function saveVersions(sids: readonly string[], seconds: number): Promise<void> {
    await client.query(
      `with again as (
         update sessions set version = version + 1, updated_at = $1 where sid = any($2::text[]) returning *
       ) insert into changes (sid, version, at, session) select sid, version, updated_at, session from again`,
      [new Date(at(seconds)), sids],
    );
  }

  async function pages(query: string, between: (page: number) => Promise<unknown> = () => Promise.resolve()) {
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null && page < 40; page += 1) {
      const { body } = await get(`/v1/sessions?${query}&limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...body.sessions.map(({ sid }: any) => sid));
      cursor = body.next;
      await between(page);
    }
    return seen;
  }

  it.each(['newest', 'oldest', 'updated'])('have every session once, in the order %s', async (order) => {
    const seen = await pages(`appId=many&order=${order}`);
    expect(seen).toHaveLength(MANY);
    expect(new Set(seen).size).toBe(MANY);
  });

  it.each(['newest', 'oldest'])('have each once while rows change between them: %s', async (order) => {
    const change = async (page: number) => {
      const { rows } = await client.query<{ sid: string }>(
        `select sid from sessions where app_id = 'many' order by sid offset $1 limit 400`,
        [page * 400],
      );
      await saveVersions(
        rows.map(({ sid }) => sid),
        5_000 + page,
      );
    };
    const seen = await pages(`appId=many&order=${order}`, change);
    expect(seen).toHaveLength(MANY);
    expect(new Set(seen).size).toBe(MANY);
  });

  it('by the newest version miss none that does not change, and have none twice', async () => {
    const { rows } = await client.query<{ sid: string }>(
      `select sid from sessions where app_id = 'many' order by updated_at, sid limit 500`,
    );
    const changed = new Set(rows.map(({ sid }) => sid));
    const change = (page: number) => (page > 0 ? Promise.resolve() : saveVersions([...changed], 9_000));
    const seen = await pages('appId=many&order=updated', change);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((sid) => !changed.has(sid))).toHaveLength(MANY - changed.size);
    expect(await sidsOf('appId=many&order=updated&limit=500')).toEqual(expect.arrayContaining([...changed]));
  });

  it('tell how many there are beyond 10,000 by an estimate that says so', async () => {
    // As autovacuum does after so many changes: the estimate is from the statistics of the table.
    await client.query('vacuum (analyze) sessions');
    const { body } = await get('/v1/sessions?appId=many&limit=1&count=true');
    expect(body.count.exact).toBe(false);
    expect(body.count.value).toBeGreaterThan(10_000);
    expect(body.count.value).toBeLessThan(MANY * 1.5);
  });

  it('of another order are no place to go on from', async () => {
    const { body } = await get('/v1/sessions?order=updated&limit=1');
    expect((await get(`/v1/sessions?order=newest&limit=1&cursor=${body.next}`)).status).toBe(400);
  });
});
