import { Writable } from 'node:stream';
import { pino } from 'pino';
import { inDatabase } from '../support/acknowledged.js';
import { createEmptyDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { describeWithPgBouncer, startPgBouncer } from '../support/own-pgbouncer.js';
import { createTestRedis, redisUrl } from '../support/redis.js';
import { APP, startTestService, type TestService } from '../support/service.js';
import { ALIVE } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

const leftovers = clearAfterEach();

const SESSIONS = 10;
const EACH = 20;

function sidOf(n: number): string {
  return String(n).padStart(32, 'b');
}

function notice(n: number, sequence: number): object {
  const details = { msgName: 'uploading_progress', progress: sequence };
  const payload = { cname: 'c', uid: '1', sid: sidOf(n), sequence, sendts: Date.now(), serviceType: 2, details };
  const noticeId = `${String(n)}-${String(sequence)}`;
  return { noticeId, productId: 3, eventType: 33, notifyMs: Date.now(), sid: sidOf(n), payload };
}

/** Everything on the way of a notification to a reader, and of a query to Agora, many at once. */
async function expectToWork(service: TestService): Promise<void> {
  service.agora.answerWith(ALIVE);
  const registration = { appId: APP, resourceId: 'r', mode: 'mix', cname: 'c', uid: '1' };
  const all = Array.from({ length: SESSIONS }, (_, n) => n);
  const sent = await Promise.all([
    ...all.map((n) => service.api('PUT', `/v1/sessions/${sidOf(n)}`, registration)),
    ...all.flatMap((n) => Array.from({ length: EACH }, (_, sequence) => service.notify(notice(n, sequence)))),
  ]);
  expect(sent.filter(({ status }) => status !== 200 && status !== 201)).toEqual([]);
  const told = async (): Promise<{ recording: number; asked: number }> => {
    const { body } = await service.api('GET', '/v1/changes?limit=500');
    const sids = new Set((body.changes as { sid: string; session: { state: string } }[]).map(({ sid }) => sid));
    const asked = new Set(service.agora.requests.map(({ path }) => /sid\/([^/]+)/.exec(path)?.[1]));
    return { recording: sids.size, asked: asked.size };
  };
  const isDone = async (): Promise<boolean> => {
    const { recording, asked } = await told();
    return recording === SESSIONS && asked === SESSIONS;
  };
  await waitFor(isDone, { deadlineMs: 45_000, what: 'all to be folded, published and asked about' });
  const { body } = await service.api('GET', `/v1/sessions/${sidOf(0)}`);
  expect(body).toMatchObject({ notices: { events: EACH }, certainty: expect.stringMatching(/observed|confirmed/) });
  const readiness = await service.api('GET', '/readyz');
  expect(readiness.body).toMatchObject({ obstacles: [], spool: { entries: 0 } });
}

/** Locks of sessions that are in no transaction: somebody else's next one would have them. */
async function locksLeft(url: string): Promise<number> {
  const { rows } = await inDatabase(url, (client) =>
    client.query<{ n: number }>(
      `select count(*)::int as n from pg_locks as lock join pg_stat_activity as activity on activity.pid = lock.pid
       where lock.locktype = 'advisory' and activity.state = 'idle' and activity.datname = current_database()`,
    ),
  );
  return rows[0]?.n ?? 0;
}

/** Runs the whole service, and expects that it works. Returns what it said. */
async function runThrough(env: Record<string, string>): Promise<string> {
  let said = '';
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    said += chunk.toString();
    done();
  };
  const service = await startTestService({ ...env, START_CHECK_AFTER_MS: '100' }, pino(new Writable({ write })));
  await expectToWork(service).finally(service.close); // before the pooler ends
  expect(said).not.toMatch(TROUBLE);
  return said;
}

/** What a session that is somebody else's is blamed for. */
const TROUBLE = /"(42P05|26000)"|prepared statement|startup parameter/;

describeWithPgBouncer('through a PgBouncer that shares by the transaction', () => {
  const withRedis = redisUrl() === null ? it.skip : it;

  withRedis('an empty database is migrated, and all is received, folded, asked about and read', async () => {
    const [database, redis] = [await createEmptyDatabase(), await createTestRedis()];
    leftovers.push(redis.drop, database.drop);
    const pooled = await startPgBouncer(database.url);
    const said = await runThrough({ DATABASE_URL: pooled, REDIS_URL: redis.url });
    expect(said).toContain('database.migrated');
    expect(await locksLeft(database.url)).toBe(0);
  });

  it('it works with the queue in Postgres too, which is reached past it', async () => {
    const database = await createEmptyDatabase();
    leftovers.push(database.drop);
    const pooled = await startPgBouncer(database.url);
    await runThrough({ DATABASE_URL: pooled, DATABASE_DIRECT_URL: database.url });
    expect(await locksLeft(database.url)).toBe(0);
  });
});
