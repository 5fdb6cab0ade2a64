import { createClient, LedgerError, type LedgerClient, type Registration } from '../../src/client/index.js';
import { at } from '../support/builders.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { APP, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const REGISTRATION: Registration = { appId: APP, resourceId: 'r', mode: 'mix', cname: 'lesson', uid: '1' };
const ENV = { API_KEYS: 'test:write:secret-of-the-test', START_CHECK_AFTER_MS: '60000', REORDER_GRACE_MS: '100' };

let service: TestService;
let ledger: LedgerClient;
beforeAll(async () => {
  service = await startTestService(ENV);
  ledger = clientOf(service.app.apiPort);
});
afterAll(async () => {
  await service.close();
});

/** Every answer that it gets is held to the document of the API. */
function clientOf(port: number | null, key = 'secret-of-the-test'): LedgerClient {
  const baseUrl = `http://127.0.0.1:${String(port)}`;
  return createClient({ baseUrl, key, fetch: fetchDocumented as typeof globalThis.fetch });
}

/** A notification with this sequence number. */
async function tell(sid: string, eventType: number, sequence: number, details = {}): Promise<void> {
  const payload = { cname: 'lesson', uid: '1', sid, sequence, sendts: at(sequence), serviceType: 0, details };
  await service.notify({ noticeId: `${sid}-${sequence}`, productId: 3, eventType, notifyMs: at(sequence), payload });
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

const failure = (work: Promise<unknown>): Promise<unknown> => work.then(() => null).catch((error: unknown) => error);

describe('the client against a service', () => {
  it('registers a session, tells what stop answered, and reads it as it is and as it was', async () => {
    const registered = await ledger.register('told', REGISTRATION);
    expect(registered).toMatchObject({ sid: 'told', state: 'registered' });
    expect(await failure(ledger.register('told', { ...REGISTRATION, cname: 'other' }))).toMatchObject({
      status: 409,
      problem: { fields: ['cname'] },
    });
    expect((await ledger.register('told', { ...REGISTRATION, cname: 'other' }, { replace: true })).cname).toBe('other');
    expect(await ledger.reconcile('told')).toEqual({ sid: 'told', status: 'requested' });
    const stop = { sid: 'told', resourceId: 'r', code: 200, serverResponse: { uploadingStatus: 'uploaded' } };
    for (const answer of [stop, JSON.stringify(stop)]) {
      expect(await ledger.addStopResponse('told', answer)).toMatchObject({ sid: 'told', state: 'ended' });
    }
    expect((await ledger.sessions.get('told', { asOf: registered.updatedAt })).state).toBe('registered');
    expect(await failure(ledger.sessions.get('nobody'))).toMatchObject({ status: 404 });
  });

  it('reads what is behind a session, and lists of many pages to their end', async () => {
    for (const sid of ['page-1', 'page-2', 'page-3']) await ledger.register(sid, REGISTRATION);
    await tell('page-1', 40, 0, { status: 0 });
    await tell('page-1', 41, 5, { leaveCode: 2 });
    const [gap] = await waitFor(() => all(ledger.sessions.gaps('page-1')).then((gaps) => gaps.length > 0 && gaps), {
      deadlineMs: 10_000,
      what: 'a gap',
    });
    expect(gap).toMatchObject({ from: 1, to: 4 });
    const timeline = await all(ledger.sessions.timeline('page-1', { limit: 1 }));
    expect(timeline.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['recorder_started', 'recorder_leave']));
    const versions = await all(ledger.sessions.versions('page-1', { limit: 1 }));
    expect(versions.map(({ version }) => version)).toEqual(versions.map((_, n) => versions.length - n));
    expect(await all(ledger.sessions.files('page-1'))).toEqual([]);
    expect(await all(ledger.sessions.observations('page-1'))).toEqual(expect.any(Array));
    const listed = await all(ledger.sessions.list({ q: 'page-', order: 'oldest', limit: 1 }));
    expect(listed.map(({ sid }) => sid)).toEqual(['page-1', 'page-2', 'page-3']);
    const [page] = await all(ledger.sessions.list({ q: 'page-', state: ['registered', 'ended'], count: true }).pages());
    expect(page).toMatchObject({ count: { value: 2, exact: true }, next: null });
  });

  it('leases budget, reads the summary, and says what the ledger refuses', async () => {
    const { slots } = await ledger.leaseBudget({ appId: APP, count: 1, forMs: 100 });
    expect(slots).toEqual([{ at: expect.any(String), waitMs: expect.any(Number) }]);
    expect((await ledger.summary()).truth).toMatchObject({ boundMs: expect.any(Number) });
    const refused = await failure(clientOf(service.app.apiPort, 'wrong').summary());
    expect(refused).toBeInstanceOf(LedgerError);
    expect(refused).toMatchObject({ status: 401, problem: { status: 401 } });
  });

  it('throws 410 with where to begin where a cursor is of no use any more, and can begin there', async () => {
    await ledger.register('begun', REGISTRATION);
    const { value: known } = await ledger.followChanges().next();
    const feed = '00000000-0000-4000-8000-000000000000';
    for (const options of [{ after: '1000000' }, { after: known?.cursor, feed }]) {
      const error = await failure(ledger.followChanges(options).next());
      expect(error).toMatchObject({ status: 410, problem: { begin: '0', feed: known?.feed } });
      const { begin } = (error as LedgerError).problem;
      expect((await ledger.followChanges({ after: begin }).next()).value).toEqual(known);
    }
  });
});

it('following the changes goes on over a restart of the service, and misses and repeats none', async () => {
  let running = await startTestService(ENV);
  const { database } = running;
  const first = running;
  const port = String(first.app.apiPort);
  const client = clientOf(first.app.apiPort);
  const controller = new AbortController();
  const seen: string[] = [];
  const tries: string[] = [];
  const following = (async () => {
    const onRetry = ({ error }: { error: Error }): number => tries.push(error.name);
    const { signal } = controller;
    for await (const { sid, version } of client.followChanges({ signal, limit: 2, onRetry })) {
      seen.push(`${sid} ${version}`);
    }
  })();
  const sids = (from: number): string[] => [0, 1, 2].map((n) => `restart-${from + n}`);
  const saw = (many: string[]): Promise<true> =>
    waitFor(() => many.every((sid) => seen.includes(`${sid} 1`)), { deadlineMs: 15_000, what: many.join() });
  for (const sid of sids(0)) await client.register(sid, REGISTRATION);
  await saw(sids(0));
  await first.app.stop();
  await waitFor(() => tries.length > 0, { deadlineMs: 15_000, what: 'a failed try' });
  running = await startTestService({ ...ENV, DATABASE_URL: database.url, API_PORT: port });
  for (const sid of sids(3)) await client.register(sid, REGISTRATION);
  await saw(sids(3));
  controller.abort();
  await following;
  expect(new Set(seen).size).toBe(seen.length);
  await running.close();
  await first.close();
});
