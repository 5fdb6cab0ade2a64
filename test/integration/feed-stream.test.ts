import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { createChangeStreams, type StreamLimits } from '../../src/http/api/change-streams.js';
import { createFeedWatch } from '../../src/http/api/feed-watch.js';
import { readFeedState } from '../../src/db/sessions/feed.js';
import { listen, type Listener } from '../../src/http/listen.js';
import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { createLogger } from '../../src/observability/create-logger.js';
import { createMetrics, type Metrics } from '../../src/observability/metrics.js';
import { measureRequests } from '../../src/http/measure-requests.js';
import { at } from '../support/builders.js';
import { inDatabase } from '../support/acknowledged.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';
import { APP, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

type Heard = { id: string; event: string; data: any };

/** A reader of server-sent events: what the standard has of them, and no more. */
class Reader {
  text = '';
  /** Its last part: looking at a long text again and again would copy it each time. */
  tail = '';
  response: IncomingMessage | null = null;
  isOver = false;
  private readonly request: ClientRequest;

  constructor(port: number | null, query = '', headers: Record<string, string> = {}) {
    const path = `/v1/changes/stream${query}`;
    this.request = request({ host: '127.0.0.1', port: port ?? 1, path, headers, agent: false }, (response) => {
      this.response = response.setEncoding('utf8').on('data', (part: string) => {
        this.text += part;
        this.tail = (this.tail + part).slice(-10_000);
      });
    });
    this.request.on('error', () => undefined).on('close', () => (this.isOver = true));
    this.request.end();
  }

  /** As a browser takes it: only blocks with data are events. */
  heard(): Heard[] {
    return this.blocks().flatMap((fields) => {
      const { id = '', event = '', data } = Object.fromEntries(fields) as Record<string, string>;
      return data === undefined ? [] : [{ id, event, data: JSON.parse(data) }];
    });
  }

  /** What a browser sends as `Last-Event-ID`; empty where it was told none. */
  lastId(): string {
    const ids = this.blocks().flatMap((fields) => fields.filter(([name]) => name === 'id'));
    return ids.at(-1)?.[1] ?? '';
  }

  comments(): number {
    return [...this.text.matchAll(/^:/gm)].length;
  }

  close(): void {
    this.request.destroy();
  }

  async begun(): Promise<this> {
    await waitFor(() => this.text.includes('\n\n'), { deadlineMs: 10_000, what: 'the stream' });
    return this;
  }

  async until(condition: (heard: Heard[]) => boolean, what: string): Promise<Heard[]> {
    return waitFor(() => (condition(this.heard()) ? this.heard() : null), { deadlineMs: 15_000, what });
  }

  private blocks(): [string, string][][] {
    return this.text
      .split('\n\n')
      .slice(0, -1)
      .map((block) =>
        block.split('\n').flatMap((line): [string, string][] => {
          const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
          return name === undefined || value === undefined ? [] : [[name, value]];
        }),
      );
  }
}

let service: TestService;
const readers: Reader[] = [];
beforeAll(async () => {
  service = await startTestService({ REORDER_GRACE_MS: '100', START_CHECK_AFTER_MS: '60000' });
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});
afterAll(async () => {
  await service.close();
});

function read(query = '', headers: Record<string, string> = {}, port = service.app.apiPort): Reader {
  const reader = new Reader(port, query, headers);
  readers.push(reader);
  return reader;
}

async function tell(sid: string, eventType: number, seconds: number, details = {}): Promise<void> {
  const payload = { cname: 'lesson', uid: '1', sid, sequence: 0, sendts: at(seconds), serviceType: 0, details };
  const noticeId = `${sid}-${String(eventType)}-${String(seconds)}`;
  await service.notify({ noticeId, productId: 3, eventType, notifyMs: at(seconds), payload });
}

const start = (sid: string) => tell(sid, 40, 2, { status: 0 });
const exit = (sid: string) => tell(sid, 11, 100, { exitStatus: 0 });

async function reads(sid: string, state?: string): Promise<void> {
  const isThere = async (): Promise<boolean> => {
    const { status, body } = await service.api('GET', `/v1/sessions/${sid}`);
    return status === 200 && (state === undefined || body.state === state);
  };
  await waitFor(isThere, { deadlineMs: 10_000, what: `${sid} ${state ?? ''}` });
}

/** All that the feed has, by pages. */
async function wholeFeed(): Promise<any[]> {
  const all: any[] = [];
  for (let next = '0'; ;) {
    const { body } = await service.api('GET', `/v1/changes?limit=500&after=${next}`);
    all.push(...body.changes);
    if (body.changes.length === 0) return all;
    next = body.next;
  }
}

const cursors = (heard: Heard[]): string[] => heard.map(({ id }) => id);

describe('a stream of changes', () => {
  it('tells what the pages tell, in their order, while sessions change', async () => {
    const reader = await read('?after=0').begun();
    expect(reader.response?.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-feed': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(reader.text).toMatch(/^retry: \d+$/m);
    const sids = Array.from({ length: 30 }, (_, n) => `busy-${String(n)}`);
    await Promise.all(sids.map(start));
    await Promise.all(sids.map(exit));
    await reads('busy-29', 'ended');
    const heard = await reader.until(
      (all) => sids.every((sid) => all.some(({ data }) => data.sid === sid && data.session.state === 'ended')),
      'every end',
    );
    const feed = (await wholeFeed()).slice(0, heard.length);
    expect(heard).toEqual(feed.map((change) => ({ id: change.cursor, event: 'change', data: change })));
  });

  it('goes on after Last-Event-ID, whatever its address says, and misses and doubles nothing', async () => {
    const first = await read('?after=0').until((all) => all.length > 10, 'ten changes');
    const seen = first.slice(0, 7);
    const again = read('?after=0', { 'last-event-id': seen.at(-1)?.id ?? '' });
    await start('later');
    await reads('later');
    const rest = await again.until((all) => all.some(({ data }) => data.sid === 'later'), 'the later session');
    const all = (await wholeFeed()).map(({ cursor }) => cursor);
    expect([...cursors(seen), ...cursors(rest)]).toEqual(all.slice(0, seen.length + rest.length));
  });

  it('begins now where no place is named, and tells the place, so that who is cut off at once misses nothing', async () => {
    const reader = await read().begun();
    const place = reader.lastId();
    reader.close();
    await start('meanwhile');
    await reads('meanwhile');
    expect(reader.heard()).toEqual([]);
    const heard = await read('', { 'last-event-id': place }).until((all) => all.length > 0, 'what was missed');
    expect(heard[0]?.data.sid).toBe('meanwhile');
  });

  it('tells only what fits its filters', async () => {
    await start('one');
    await start('other');
    await reads('one');
    await reads('other');
    const [ofOne, ended, ofApp, ofNone] = [
      read('?after=0&sid=one'),
      read('?after=0&state=ended,failed&sid=one,other'),
      read(`?after=0&appId=${APP}&sid=one`),
      read('?after=0&appId=another'),
    ];
    await exit('one');
    await ofOne.until((all) => all.some(({ data }) => data.session.state === 'ended'), 'the end');
    expect(new Set(ofOne.heard().map(({ data }) => data.sid))).toEqual(new Set(['one']));
    const [end] = await ended.until((all) => all.length > 0, 'the end');
    expect(end?.data).toMatchObject({ sid: 'one', session: { state: 'ended' } });
    await ofApp.until((all) => all.some(({ data }) => data.session.state === 'ended'), 'the end');
    expect(cursors(ofApp.heard())).toEqual(cursors(ofOne.heard()));
    expect(ofNone.heard()).toEqual([]);
    expect((await service.api('GET', '/v1/changes/stream?state=over')).status).toBe(400);
    expect((await service.api('GET', '/v1/changes/stream?cname=lesson')).status).toBe(400);
  });

  it('refuses with 410 what GET /v1/changes refuses, before it begins, and a place that is none with 400', async () => {
    const last = (await wholeFeed()).at(-1).cursor as string;
    const ahead = await service.api('GET', `/v1/changes/stream?after=${String(Number(last) + 1_000)}`);
    expect([ahead.status, ahead.body.title]).toEqual([410, 'The cursor is ahead of the feed']);
    const foreign = await service.api('GET', '/v1/changes/stream?feed=00000000-0000-4000-8000-000000000000');
    expect([foreign.status, foreign.body.title]).toEqual([410, 'The cursor is of another feed']);
    const address = `http://127.0.0.1:${String(service.app.apiPort)}/v1/changes/stream`;
    const place = await fetch(address, { headers: { 'last-event-id': 'yesterday' } });
    expect(place.status).toBe(400);
    const head = await fetch(address, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is told by 200 readers at once, while other reads are served', async () => {
    const all = Array.from({ length: 200 }, () => read());
    await Promise.all(all.map((reader) => reader.begun()));
    await start('to-all');
    await reads('to-all');
    for (const reader of all) {
      const heard = await reader.until((events) => events.some(({ data }) => data.sid === 'to-all'), 'the session');
      expect(heard[0]?.data.sid).toBe('to-all');
    }
  });

  it('ends when the service stops, and does not delay it', async () => {
    const other = await startTestService();
    const [idle, busy] = [read('', {}, other.app.apiPort), read('?after=0', {}, other.app.apiPort)];
    await Promise.all([idle.begun(), busy.begun()]);
    const begin = performance.now();
    await other.close();
    expect(performance.now() - begin).toBeLessThan(4_500);
    await waitFor(() => idle.isOver && busy.isOver, { deadlineMs: 1_000, what: 'the ends of the streams' });
    expect(idle.response?.complete).toBe(true);
  });
});

describe('the streams of a process', () => {
  let ledger: TestLedger;
  let listener: Listener;
  let metrics: Metrics;
  let stopping: AbortController;
  /** The largest number of bytes that were held for one reader. */
  let mostHeld = 0;

  afterEach(async () => {
    stopping.abort();
    await listener.close();
    await ledger.close();
  });

  async function serve(limits: Partial<StreamLimits>): Promise<void> {
    ledger = await createTestLedger();
    stopping = new AbortController();
    metrics = createMetrics();
    mostHeld = 0;
    const { db, context } = ledger;
    const log = createLogger('silent');
    const served = { db, log, rules: context.rules, stopping: stopping.signal };
    const stream = createChangeStreams(served, createFeedWatch(served), limits);
    const app = express();
    app.use(measureRequests(metrics, 'api'));
    app.get('/v1/changes/stream', async ({ query }, response) => {
      const { id, cut, last } = await readFeedState(db.pool);
      const from = query['after'] === '0' ? 0n : last;
      const fits = ({ sid }: { sid: string }): boolean => query['sid'] === undefined || query['sid'] === sid;
      const look = setInterval(() => (mostHeld = Math.max(mostHeld, response.writableLength)), 1);
      response.once('close', () => clearInterval(look));
      stream(response, { feed: id, after: from, cut, tellPlace: false, fits });
    });
    app.use(((error, _request, response, _next) => {
      response.sendStatus(error.problem.status);
    }) as express.ErrorRequestHandler);
    listener = await listen(app, '127.0.0.1', 0, 'none');
  }

  const here = (query = ''): Reader => read(query, {}, listener.port);

  async function change(sid: string): Promise<void> {
    await storeNotices(ledger.db.pool, [aRow(1, 40, { status: 0 }, { sid, sequence: 0 })], 1);
    await foldAll(ledger.context);
  }

  /** So many more versions of a session. */
  async function manyVersions(count: number): Promise<void> {
    await inDatabase(ledger.url, (client) =>
      client.query(
        `insert into changes (sid, version, at, session, changed, because)
         select sid, version + n, at, session, changed, because from changes, generate_series(1, $1::int) as n
         where cursor = 1`,
        [count],
      ),
    );
  }

  it('say something from time to time, and where they are if changes were left out', async () => {
    await serve({ commentEveryMs: 50 });
    const reader = await here('?sid=mine').begun();
    await change('theirs');
    await waitFor(() => reader.lastId() === '1', { deadlineMs: 5_000, what: 'the place' });
    const told = reader.comments();
    await waitFor(() => reader.comments() > told + 3, { deadlineMs: 5_000, what: 'comments' });
    expect(reader.heard()).toEqual([]);
    expect([...reader.text.matchAll(/^id:/gm)]).toHaveLength(1);
  });

  it('are so many at most', async () => {
    await serve({ mostReaders: 2 });
    const [first] = await Promise.all([here().begun(), here().begun()]);
    const refused = here();
    await waitFor(() => refused.response?.statusCode === 503, { deadlineMs: 5_000, what: 'the refusal' });
    expect(refused.response?.headers['retry-after']).toBe('5');
    first.close();
    await waitFor(
      async () => {
        const another = here();
        await waitFor(() => another.response, { deadlineMs: 1_000 });
        return another.response?.statusCode === 200;
      },
      { deadlineMs: 5_000, what: 'a place that is free again' },
    );
  });

  it('cut off a reader that takes nothing, and hold little for it meanwhile', async () => {
    await serve({ stalledMs: 500, commentEveryMs: 20 });
    await change('much');
    await manyVersions(20_000);
    const stalled: Socket = connect(listener.port, '127.0.0.1');
    let isCut = false;
    let bytes = 0;
    stalled.on('error', () => undefined).on('close', () => (isCut = true));
    stalled.write('GET /v1/changes/stream?after=0 HTTP/1.1\r\nhost: x\r\n\r\n');
    stalled.pause();
    const series = async (): Promise<string> => metrics.registry.metrics();
    await waitFor(() => mostHeld > 0, { deadlineMs: 5_000, what: 'the stall' });
    const brisk = here('?after=0');
    const isTold = (): boolean => brisk.tail.includes('\nid: 20001\n');
    await waitFor(isTold, { deadlineMs: 45_000, what: 'all versions' });
    await waitFor(() => brisk.tail.endsWith('\n\n'), { deadlineMs: 5_000 });
    expect(brisk.heard()).toHaveLength(20_001);
    const whole = brisk.text.length;
    // It is cut off meanwhile, and finds out when it reads.
    stalled.on('data', (part: Buffer) => (bytes += part.length)).resume();
    await waitFor(() => isCut, { deadlineMs: 5_000, what: 'the cut' });
    expect(bytes).toBeLessThan(whole / 2);
    expect(mostHeld).toBeLessThan(256 * 1024);
    expect(await series()).toMatch(
      /http_request_seconds_count\{listener="api",route="\/v1\/changes\/stream",status="2xx"\} 2/,
    );
  });

  it('are measured until they begin, and no longer', async () => {
    await serve({ commentEveryMs: 100 });
    const reader = await here().begun();
    await waitFor(() => reader.comments() > 15, { deadlineMs: 5_000, what: 'a second and a half' });
    reader.close();
    const sum = /http_request_seconds_sum\{listener="api",route="\/v1\/changes\/stream",status="2xx"\} (\S+)/;
    const [, seconds] = sum.exec(await metrics.registry.metrics()) ?? [];
    expect(Number(seconds)).toBeLessThan(1);
  });

  it('end where what follows is gone, and those that began with the oldest go through', async () => {
    await serve({ commentEveryMs: 50 });
    await change('cut');
    await manyVersions(3);
    const reader = await here('?after=0').begun();
    await reader.until((all) => all.length === 4, 'all versions');
    await inDatabase(ledger.url, (client) => client.query(`update feed set cut_at = 2`));
    const anew = await here('?after=0').until((all) => all.length === 4, 'all versions again');
    expect(cursors(anew)).toEqual(['1', '2', '3', '4']);
    await inDatabase(ledger.url, (client) => client.query(`update feed set id = gen_random_uuid()`));
    await change('after');
    await waitFor(() => reader.isOver, { deadlineMs: 5_000, what: 'the end of the stream' });
    expect(reader.heard()).toHaveLength(4);
  });

  it('go on when Postgres is back', async () => {
    await serve({ commentEveryMs: 50 });
    const reader = await here().begun();
    await inDatabase(ledger.url, (client) =>
      client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      ),
    );
    await waitFor(() => change('back').then(() => true), { deadlineMs: 5_000, what: 'Postgres' });
    const heard = await reader.until((all) => all.length > 0, 'the change');
    expect(heard[0]?.data.sid).toBe('back');
  });
});
