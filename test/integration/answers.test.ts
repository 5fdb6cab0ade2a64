import { APP, startTestService, type TestService } from '../support/service.js';
import { ALIVE, GONE, type StubAnswer } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

let service: TestService;

/** All waits a hundredth of the usual ones: 404s that last 900 ms mean gone. */
const FAST = {
  START_CHECK_AFTER_MS: '50',
  START_DEADLINE_MS: '900',
  GONE_CONFIRM_MS: '900',
  GONE_MARGIN_MS: '300',
  ROUTINE_INTERVAL_MS: '1200',
  RETRY_BACKOFF_MS: '50,100,150,300',
  QUERY_TIMEOUT_MS: '300',
};

beforeEach(async () => {
  service = await startTestService(FAST);
});
afterEach(async () => {
  await service.close();
});

async function register(sid: string, mode = 'mix'): Promise<void> {
  const startedAt = new Date().toISOString();
  const body = { appId: APP, resourceId: 'r', mode, cname: 'c', uid: '1', startedAt };
  expect((await service.api('PUT', `/v1/sessions/${sid}`, body)).status).toBe(201);
}

async function session(sid: string): Promise<any> {
  return (await service.api('GET', `/v1/sessions/${sid}`)).body;
}

async function until(sid: string, condition: (found: any) => boolean, deadlineMs = 40_000): Promise<any> {
  return waitFor(
    async () => {
      const found = await session(sid);
      return condition(found) ? found : null;
    },
    { deadlineMs, what: `session ${sid}` },
  );
}

const asked = (sid: string): number =>
  service.agora.requests.filter(({ path }) => path.includes(`/sid/${sid}/`)).length;

const sidOf = (path: string): string => /\/sid\/([^/]+)\//.exec(path)?.[1] ?? '';

const codes = (found: any): string[] => found.findings.map(({ code }: any) => code);

const tell = (sid: string, uid: string, eventType: number, sequence: number, details: object) =>
  service.notify({
    noticeId: `${sid}-${uid}-${String(eventType)}`,
    productId: 3,
    eventType,
    notifyMs: Date.now(),
    payload: { sid, cname: 'c', uid, sequence, sendts: Date.now(), serviceType: 0, details },
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a session that Agora', () => {
  it('never knew has never started', async () => {
    service.agora.answerWith(GONE);
    await register('never');
    const found = await until('never', ({ state }) => state === 'failed');
    expect(found).toMatchObject({ outcome: 'never_started', certainty: 'observed' });
    expect(found.endedAt.source).toBe('query');
  });

  it('knew once and knows no more has vanished, between the last sign of life and the first 404', async () => {
    service.agora.answerWith(ALIVE);
    await register('vanishing');
    await until('vanishing', ({ state }) => state === 'recording');
    service.agora.answerWith(GONE);
    const found = await until('vanishing', ({ state }) => state === 'ended');
    const { timeline } = (await service.api('GET', '/v1/sessions/vanishing/timeline?limit=500')).body;
    expect(timeline.filter(({ source }: any) => source === 'inference').map(({ kind }: any) => kind)).toEqual(['gone']);
    expect(found).toMatchObject({ outcome: 'vanished', endedAt: { at: null, source: 'query' } });
    const { notBefore, notAfter } = found.endedAt;
    expect(Date.parse(notBefore)).toBeLessThan(Date.parse(notAfter));
    expect(codes(found)).toContain('exit_notice_lost');
  });

  it('answers 404 for while it moves it is alive all the same', async () => {
    service.agora.answerWith(ALIVE);
    await register('moving');
    await until('moving', ({ state }) => state === 'recording');
    service.agora.answerWith(GONE);
    await until('moving', ({ observations }) => observations.lastOutcome === 'not_found');
    await pause(500);
    service.agora.answerWith(ALIVE);
    await pause(2_500);
    expect(await session('moving')).toMatchObject({ state: 'recording', outcome: null });
  });

  it('reports as exited with status 8 has completed, and with 20 has failed', async () => {
    const status = (n: number): StubAnswer => ({ status: 200, body: { serverResponse: { status: n } } });
    service.agora.answerWith((path) => status(path.includes('/sid/eight/') ? 8 : 20));
    await Promise.all([register('eight'), register('twenty')]);
    expect(await until('eight', ({ state }) => state === 'ended')).toMatchObject({ outcome: 'completed' });
    expect(await until('twenty', ({ state }) => state === 'failed')).toMatchObject({ outcome: 'abnormal_exit' });
  });
});

describe('an answer that says nothing about the recording', () => {
  const SILENT: Record<string, [StubAnswer, string]> = {
    incomplete: [{ status: 206, body: { code: 65, reason: 'request not completed' } }, 'incomplete'],
    timedOut: [{ status: 504, body: { code: 62, reason: 'request timeout' } }, 'unavailable'],
    html: [{ status: 502, body: '<html>502</html>' }, 'unavailable'],
    gateway: [{ status: 404, body: '<html>404</html>' }, 'unavailable'],
    reset: ['reset', 'unavailable'],
    silence: ['never', 'unavailable'],
  };

  it('changes nothing, however long it lasts', async () => {
    const sids = Object.keys(SILENT);
    service.agora.answerWith(ALIVE);
    await Promise.all(sids.map((sid) => register(sid)));
    await Promise.all(sids.map((sid) => until(sid, ({ state }) => state === 'recording')));
    // A 206 comes from a host that answers: before the others make its breaker open.
    const heard = ({ observations }: { observations: { lastOutcome: string | null } }, sid: string) =>
      observations.lastOutcome === SILENT[sid]?.[1];
    service.agora.answerWith((path) => (sidOf(path) === 'incomplete' ? (SILENT['incomplete']?.[0] ?? GONE) : ALIVE));
    await until('incomplete', (found) => heard(found, 'incomplete'));
    service.agora.answerWith((path) => SILENT[sidOf(path)]?.[0] ?? GONE);
    // The others make it open, again and again, and it leaves the host alone for longer each time.
    await Promise.all(sids.map((sid) => until(sid, (found) => sid === 'incomplete' || heard(found, sid), 100_000)));
    await pause(3_000);
    for (const sid of sids) expect(await session(sid)).toMatchObject({ state: 'recording', outcome: null });
    service.agora.answerWith(GONE);
    await Promise.all(sids.map((sid) => until(sid, ({ outcome }) => outcome === 'vanished')));
  }, 300_000);

  it('429 slows the account down, and changes nothing else', async () => {
    service.agora.answerWith(ALIVE);
    await register('throttled');
    await until('throttled', ({ state }) => state === 'recording');
    service.agora.answerWith({
      status: 429,
      body: { message: 'API rate limit exceeded' },
      headers: { 'retry-after': '2' },
    });
    await until('throttled', ({ observations }) => observations.lastOutcome === 'throttled');
    const before = service.agora.requests.length;
    await pause(1_800);
    expect(service.agora.requests).toHaveLength(before);
    expect(await session('throttled')).toMatchObject({ state: 'recording', outcome: null });
    service.agora.answerWith(GONE);
    await until('throttled', ({ outcome }) => outcome === 'vanished');
  });
});

describe('a fault that no repetition mends', () => {
  it('400 is a finding, and is tried again after a minute, or as soon as a caller asks or a notification reports an end', async () => {
    const refusal = { status: 400, body: { code: 2, reason: 'invalid parameter' } };
    service.agora.answerWith((path) => (path.includes('/sid/bad/') ? refusal : ALIVE));
    await Promise.all([register('bad'), register('good')]);
    const found = await until('bad', (one) => codes(one).includes('bad_request'));
    expect(found).toMatchObject({ state: 'registered', outcome: null });
    await waitFor(() => asked('good') > 1, { deadlineMs: 5_000, what: 'more about the other' });
    expect(asked('bad')).toBe(1);
    await service.api('POST', '/v1/sessions/bad/reconcile', {});
    await waitFor(() => asked('bad') === 2, { deadlineMs: 5_000, what: 'a second query' });
    await tell('bad', '1', 41, 0, { leaveCode: 16 });
    await waitFor(() => asked('bad') === 3, { deadlineMs: 5_000, what: 'a third query' });
    const { truth } = (await service.api('GET', '/v1/summary')).body;
    expect(truth).toMatchObject({ liveSessions: 2, notQueryable: 0 });
  });

  it('a wrong route is a finding, and hardly asked again', async () => {
    const noRoute = { status: 404, body: { message: 'no Route matched with those values' } };
    service.agora.answerWith((path) => (path.includes('/sid/lost/') ? noRoute : ALIVE));
    await Promise.all([register('lost'), register('fine')]);
    const found = await until('lost', (one) => codes(one).includes('no_route'));
    expect(found.outcome).toBeNull();
    await waitFor(() => asked('fine') > 1, { deadlineMs: 5_000, what: 'more about the other' });
    expect(asked('lost')).toBe(1);
  });

  it('401 stops the whole account, and its bound is null', async () => {
    service.agora.answerWith({ status: 401, body: { message: 'Invalid authentication credentials' } });
    await register('refused');
    const found = await until('refused', (one) => codes(one).includes('unauthorized'));
    expect(found).toMatchObject({ state: 'registered', outcome: null });
    await register('another');
    await pause(1_500);
    expect(service.agora.requests).toHaveLength(1);
    const { body } = await service.api('GET', '/v1/summary');
    expect(body.truth.boundMs).toBeNull();
  });
});

describe('an exit that was told', () => {
  it('is confirmed by a query, once no failover can explain it any more', async () => {
    service.agora.answerWith(ALIVE);
    await register('exiting');
    await until('exiting', ({ state }) => state === 'recording');
    service.agora.answerWith(GONE);
    const toldMs = Date.now();
    await tell('exiting', '1', 11, 0, { exitStatus: 0 });
    expect(await until('exiting', ({ state }) => state === 'ended')).toMatchObject({ certainty: 'reported' });
    const found = await until('exiting', ({ certainty }) => certainty === 'confirmed');
    expect(found).toMatchObject({ state: 'ended', outcome: 'completed' });
    const { observations } = (await service.api('GET', '/v1/sessions/exiting/observations')).body;
    const last = observations.at(-1);
    expect(Date.parse(last.askedAt) - toldMs).toBeGreaterThan(1_200);
  });

  it('is found out by the last look, where nothing else ever tells of the recorder that took over', async () => {
    service.agora.answerWith(ALIVE);
    await register('replaced');
    await until('replaced', ({ state }) => state === 'recording');
    service.agora.answerWith(GONE);
    const before = asked('replaced');
    await tell('replaced', '1', 11, 0, { exitStatus: 1 });
    await waitFor(() => asked('replaced') > before, { deadlineMs: 5_000, what: 'the first look' });
    service.agora.answerWith(ALIVE);
    const found = await until('replaced', ({ state }) => state === 'recording');
    expect(codes(found)).toContain('reopened');
  });

  it('is taken back by a newer query that finds the session alive, which is a finding', async () => {
    service.agora.answerWith(ALIVE);
    await register('alive');
    await until('alive', ({ state }) => state === 'recording');
    await tell('alive', '1', 11, 0, { exitStatus: 0 });
    const found = await until('alive', (one) => codes(one).includes('reopened'));
    expect(found).toMatchObject({ state: 'recording', outcome: null });
  });

  it('by a recorder that a failover replaced ends nothing, and asks for a query', async () => {
    service.agora.answerWith(ALIVE);
    await register('moved');
    await until('moved', ({ state }) => state === 'recording');
    await tell('moved', '1', 12, 0, { newUid: 77 });
    const before = asked('moved');
    await tell('moved', '1', 11, 1, { exitStatus: 1 });
    const found = await until('moved', (one) => codes(one).includes('replaced_recorder_exit'));
    expect(found).toMatchObject({ state: 'recording', outcome: null, recorderUids: ['1', '77'] });
    await waitFor(() => asked('moved') > before, { deadlineMs: 5_000, what: 'a query' });
  });
});
