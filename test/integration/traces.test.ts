import { Writable } from 'node:stream';
import { jest } from '@jest/globals';
import { createLogger } from '../../src/observability/create-logger.js';
import { at } from '../support/builders.js';
import { startCollector, type Collector, type SentSpan } from '../support/collector.js';
import { aRow } from '../support/raw-notifications.js';
import { createTestRedis, describeWithRedis, type TestRedis } from '../support/redis.js';
import { APP, startTestService, type TestService } from '../support/service.js';
import { ALIVE } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(120_000);

const SOON = { deadlineMs: 20_000 };
const SID = 'traced';

let collector: Collector;
let service: TestService;
let endService: () => Promise<void>;
let logged: string[];

async function start(more: Record<string, string>): Promise<void> {
  logged = [];
  const target = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString());
      done();
    },
  });
  service = await startTestService({ START_CHECK_AFTER_MS: '100', ...more }, createLogger('debug', target));
  endService = () => service.close();
  service.agora.answerWith(ALIVE);
}

beforeEach(async () => {
  collector = await startCollector();
});

afterEach(async () => {
  await endService();
  await collector.close();
});

/** A session that is registered, starts and is asked about. */
async function live(): Promise<void> {
  const told = { appId: APP, resourceId: 'resource', mode: 'mix', cname: 'lesson', uid: '1' };
  await service.api('PUT', `/v1/sessions/${SID}`, { ...told, startedAt: new Date().toISOString() });
  await post();
  await waitFor(() => service.agora.requests.length > 0, { ...SOON, what: 'a query' });
}

async function post(): Promise<void> {
  const body = Buffer.from(aRow((Date.now() - at(0)) / 1000, 1, {}, { sid: SID }).raw);
  expect((await service.notify(body)).status).toBe(200);
}

const spansOf = (traceId: string): SentSpan[] => collector.spans.filter((span) => span.traceId === traceId);

/** The trace that begins with a span of this name, once it has these spans beside it. */
async function traceOf(root: string, names: readonly string[]): Promise<SentSpan[]> {
  return waitFor(
    () => {
      const begun = collector.spans.filter(({ name, parentSpanId = '' }) => name === root && parentSpanId === '');
      const traces = begun.map(({ traceId }) => spansOf(traceId));
      return traces.find((spans) => names.every((name) => spans.some((span) => span.name === name)));
    },
    { ...SOON, what: `a trace of ${root} with ${names.join(', ')}` },
  );
}

function expectOneTree(spans: readonly SentSpan[], root: string): void {
  const [top, ...others] = spans.filter(({ parentSpanId = '' }) => parentSpanId === '');
  expect([top?.name, others]).toEqual([root, []]);
  for (const span of spans) {
    expect(span.sid === SID || span.name !== root).toBe(true);
    expect(span.toMs).toBeGreaterThanOrEqual(span.fromMs);
    if (span !== top) expect([span.name, span.parentSpanId]).toEqual([span.name, top?.spanId]);
  }
}

const STAGES = ['received', 'stored', 'folded', 'published'];
const STEPS = ['due', 'slot', 'asked', 'folded'];

function tracesWith(queue: string, settings: () => Record<string, string>): void {
  describe(`traces, with the queue in ${queue}`, () => {
    it('follow a notification from its receipt to the feed, and a query from when it was due to its fold', async () => {
      await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...settings() });
      await live();
      const way = await traceOf('notification', STAGES);
      expectOneTree(way, 'notification');
      expect(way.map(({ name }) => name).sort()).toEqual(['notification', ...STAGES].sort());
      const query = await traceOf('query', STEPS);
      expectOneTree(query, 'query');
      expect(query.map(({ name }) => name).sort()).toEqual(['query', ...STEPS].sort());
      const lines = logged.filter((line) => line.includes('notification.kept') || line.includes('query.answered'));
      for (const [root] of [way, query]) expect(lines.join('')).toContain(root?.traceId);
    });
  });
}

tracesWith('Postgres', () => ({}));

describeWithRedis('with Redis', () => {
  let redis: TestRedis;
  beforeEach(async () => {
    redis = await createTestRedis();
  });
  afterEach(() => redis.drop());
  tracesWith('Redis', () => ({ REDIS_URL: redis.url }));
});

describe('traces', () => {
  it('are all or nothing: without a share of them kept, none is sent', async () => {
    await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '0' });
    await live();
    await waitFor(() => logged.some((line) => line.includes('query.answered')), { ...SOON, what: 'an answer' });
    await endService(); // which sends what waits to be sent
    endService = () => Promise.resolve();
    expect(collector.spans).toEqual([]);
  });

  it('keep nothing waiting while the collector is away', async () => {
    await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    await live();
    const read = async (): Promise<boolean> => (await service.api('GET', `/v1/sessions/${SID}`)).status === 200;
    await waitFor(read, { ...SOON, what: 'the session' });
  });
});
