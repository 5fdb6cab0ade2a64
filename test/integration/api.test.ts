import pg from 'pg';
import { at } from '../support/builders.js';
import { sampleNotification } from '../support/samples.js';
import { ALIVE, GONE } from '../support/stub-agora.js';
import { APP, startTestService, type ApiAnswer, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const WRITE = 'write-key-0123456789';
const READ = 'read-key-01234567890';

let service: TestService;

beforeAll(async () => {
  service = await startTestService({
    API_KEYS: `starter:write:${WRITE},dashboard:read:${READ}`,
    REORDER_GRACE_MS: '200',
    START_CHECK_AFTER_MS: '100',
  });
});
afterAll(async () => {
  await service.close();
});

const get = (path: string): Promise<ApiAnswer> => service.api('GET', path, undefined, READ);

const cursorOf = (place: unknown): string => Buffer.from(JSON.stringify(place)).toString('base64url');

let made = 0;

function aSid(): string {
  made += 1;
  return `api-${String(made)}`;
}

const registration = (told: Record<string, unknown> = {}) => ({
  appId: APP,
  resourceId: 'resource',
  mode: 'mix',
  cname: 'lesson',
  uid: '900001',
  ...told,
});

const put = (sid: string, body: unknown): Promise<ApiAnswer> => service.api('PUT', `/v1/sessions/${sid}`, body, WRITE);

async function tell(sid: string, eventType: number, sequence: number, seconds: number, details = {}): Promise<void> {
  const payload = { cname: 'lesson', uid: '900001', sid, sequence, sendts: at(seconds), serviceType: 0, details };
  const noticeId = `${sid}-${String(eventType)}-${String(sequence)}`;
  const { status } = await service.notify({ noticeId, productId: 3, eventType, notifyMs: at(seconds), payload });
  expect(status).toBe(200);
}

async function sessionWhen(sid: string, condition: (session: any) => boolean): Promise<any> {
  return waitFor(
    async () => {
      const { status, body } = await get(`/v1/sessions/${sid}`);
      return status === 200 && condition(body) ? body : null;
    },
    { deadlineMs: 10_000, what: `session ${sid}` },
  );
}

describe('keys', () => {
  it('are asked for, and a wrong one is refused with a problem document', async () => {
    for (const key of [undefined, 'wrong', '', `${READ}x`]) {
      const answer = await service.api('GET', '/v1/sessions', undefined, key);
      expect(answer.status).toBe(401);
      expect(answer.headers).toMatchObject({ 'www-authenticate': 'Bearer' });
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(answer.body).toMatchObject({ status: 401, title: expect.any(String) });
    }
  });

  it('that may read may not write', async () => {
    const answer = await service.api('PUT', `/v1/sessions/${aSid()}`, registration(), READ);
    expect(answer.status).toBe(403);
    expect((await get('/v1/summary')).status).toBe(200);
  });

  it('are not asked for health, readiness and metrics', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/']) {
      expect([path, (await service.api('GET', path)).status]).toEqual([path, 200]);
    }
  });
});

describe('registering', () => {
  it('answers 201 with the session, 200 to the same again, 409 to a contradiction', async () => {
    const sid = aSid();
    const created = await put(sid, registration());
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ sid, state: 'registered', mode: 'mix', queryable: true });
    const again = await put(sid, registration({ uid: 900001 }));
    expect(again.status).toBe(200);
    const contradiction = await put(sid, registration({ resourceId: 'another' }));
    expect(contradiction.status).toBe(409);
    expect(contradiction.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('names the fields in which it contradicts what is known', async () => {
    const sid = aSid();
    await put(sid, registration({ startedAt: new Date(at(0)).toISOString() }));
    const { body } = await put(sid, registration({ resourceId: 'another', startedAt: new Date(at(1)).toISOString() }));
    expect(body).toMatchObject({ status: 409, fields: ['resourceId', 'startedAt'] });
    expect(body.detail).toContain('resourceId, startedAt');
  });

  it('adds what had been left out', async () => {
    const sid = aSid();
    await put(sid, registration({ startedAt: new Date().toISOString(), resourceExpiredHour: 1 }));
    const bare = aSid();
    await put(bare, registration());
    expect((await put(bare, registration({ startedAt: new Date(at(0)).toISOString() }))).status).toBe(200);
    const added = await put(bare, registration({ resourceExpiredHour: 720 }));
    expect(added.body).toMatchObject({ startedAt: { at: new Date(at(0)).toISOString(), source: 'registration' } });
    const refused = await put(bare, registration({ resourceExpiredHour: 1 }));
    expect(refused.body).toMatchObject({ status: 409, fields: ['resourceExpiredHour'] });
    const { body } = await get(`/v1/sessions/${bare}/timeline`);
    const told = body.timeline.filter(({ source }: any) => source === 'registration');
    expect(told.map(({ kind }: any) => kind)).toEqual(['registered', 'registration_added', 'registration_added']);
  });

  it('can be corrected: the newest counts, and all are kept', async () => {
    const sid = aSid();
    await put(sid, registration({ resourceId: 'wrong', mode: 'web' }));
    const right = registration({ mode: 'individual' });
    const corrected = await put(`${sid}?replace=true`, right);
    expect(corrected.status).toBe(200);
    expect(corrected.body).toMatchObject({ resourceId: 'resource', mode: 'individual', version: 2 });
    const again = await put(`${sid}?replace=true`, right);
    expect([again.status, again.body.version]).toEqual([200, 2]);
    expect((await put(sid, right)).status).toBe(200);
    const { body } = await get(`/v1/sessions/${sid}/timeline`);
    const told = body.timeline.filter(({ source }: any) => source === 'registration');
    expect(told.map(({ kind, details }: any) => [kind, details.resourceId])).toEqual([
      ['registered', 'wrong'],
      ['registration_replaced', 'resource'],
    ]);
  });

  it('may replace what is not there yet, and refuses other words for it', async () => {
    expect((await put(`${aSid()}?replace=true`, registration())).status).toBe(201);
    expect((await put(`${aSid()}?replace=false`, registration())).status).toBe(201);
    for (const word of ['yes', '1', '', 'true&replace=true']) {
      expect((await put(`${aSid()}?replace=${word}`, registration())).status).toBe(400);
    }
  });

  it('by two at once is decided one after the other', async () => {
    const sid = aSid();
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((resourceId) => put(sid, registration({ resourceId }))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const replaced = await Promise.all(
      ['e', 'f', 'g'].map((resourceId) => put(`${sid}?replace=true`, registration({ resourceId }))),
    );
    expect(replaced.map(({ status }) => status)).toEqual([200, 200, 200]);
    const { body } = await get(`/v1/sessions/${sid}/timeline`);
    const kinds = body.timeline.map(({ kind }: any) => kind);
    expect(kinds.filter((kind: string) => kind === 'registration_replaced')).toHaveLength(3);
    const last = body.timeline.filter(({ source }: any) => source === 'registration').at(-1);
    expect((await get(`/v1/sessions/${sid}`)).body.resourceId).toBe(last.details.resourceId);
  });

  it('corrected, is asked about by the registration in force', async () => {
    const sid = aSid();
    service.agora.answerWith((path) => (path.includes(`/resourceid/right/sid/${sid}/`) ? ALIVE : GONE));
    await put(sid, registration({ resourceId: 'wrong', startedAt: new Date().toISOString() }));
    await sessionWhen(sid, ({ observations }) => observations.count === 1);
    await put(`${sid}?replace=true`, registration({ resourceId: 'right', startedAt: new Date().toISOString() }));
    await sessionWhen(sid, ({ state }) => state === 'recording');
  });

  it('takes in an app that is not configured, and says that it cannot be asked about', async () => {
    const sid = aSid();
    const told = registration({ appId: 'late-app', startedAt: new Date().toISOString() });
    const created = await put(sid, told);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      queryable: false,
      findings: [{ code: 'app_not_configured', at: expect.any(String) }],
    });
    const corrected = await put(`${sid}?replace=true`, { ...told, appId: APP });
    expect(corrected.body).toMatchObject({ queryable: true, findings: [] });
  });

  it('names everything that is wrong with the body', async () => {
    const { status, body } = await put(aSid(), { appId: '', mode: 'Mix', startedAt: 'yesterday' });
    expect(status).toBe(400);
    expect(body.errors.map((error: { at: string }) => error.at).sort()).toEqual([
      'appId',
      'cname',
      'mode',
      'resourceId',
      'startedAt',
      'uid',
    ]);
  });

  it('refuses text that a database cannot hold, and bodies that are no JSON', async () => {
    expect((await put(aSid(), registration({ cname: 'a\u0000b' }))).status).toBe(400);
    expect((await put('a%00b', registration())).status).toBe(400);
    expect((await put(aSid(), registration({ cname: '\ud800' }))).status).toBe(400);
    expect((await put(aSid(), 'text')).status).toBe(400);
    expect((await get('/v1/sessions?cname=%00')).status).toBe(400);
  });

  it('refuses ids that would lead to another address at Agora', async () => {
    for (const id of ['.', '..', '../x', 'a/b', 'a\\b']) {
      expect((await put(aSid(), registration({ resourceId: id }))).status).toBe(400);
      expect((await put(aSid(), registration({ appId: id }))).status).toBe(400);
    }
    expect((await put(aSid(), registration({ cname: '..' }))).status).toBe(201);
    for (const sid of ['.', '..', '%2e%2e', 'a%2Fb', 'a%5Cb']) {
      expect([sid, (await put(sid, registration())).status]).toEqual([sid, 400]);
    }
    expect((await put('%252e', registration())).status).toBe(201); // its name is %2e
  });

  it('may come after the first notification, and joins what was received', async () => {
    const sid = aSid();
    await tell(sid, 40, 1, 1, { status: 0 });
    await sessionWhen(sid, ({ state }) => state === 'recording');
    expect((await put(sid, registration())).status).toBe(201);
    expect((await get(`/v1/sessions/${sid}`)).body).toMatchObject({
      state: 'recording',
      mode: 'mix',
      queryable: true,
    });
  });
});

describe('a session', () => {
  it('has all fields of its description, and no others', async () => {
    const sid = aSid();
    await put(sid, registration({ startedAt: new Date(at(0)).toISOString() }));
    const { body } = await get(`/v1/sessions/${sid}`);
    expect(body).toEqual({
      sid,
      appId: APP,
      resourceId: 'resource',
      mode: 'mix',
      cname: 'lesson',
      uid: '900001',
      recorderUids: [],
      state: 'registered',
      outcome: null,
      certainty: 'reported',
      queryable: false,
      startedAt: { at: '2026-03-02T10:00:00.000Z', source: 'registration' },
      endedAt: null,
      serviceStatus: null,
      services: [],
      endKnownAt: null,
      upload: { state: 'unknown', progress: null },
      notices: { events: 0, deliveries: 0, duplicates: 0, outOfOrder: 0, lastAt: null },
      gaps: { open: 0, settled: 0 },
      observations: { count: 0, lastAt: null, lastOutcome: null },
      findings: expect.any(Array),
      version: 1,
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it('that is unknown is a 404, in every view of it', async () => {
    for (const view of ['', '/timeline', '/explain', '/files', '/observations', '/gaps', '/streams']) {
      expect([view, (await get(`/v1/sessions/unknown${view}`)).status]).toEqual([view, 404]);
    }
    const { status } = await service.api('POST', '/v1/sessions/unknown/reconcile', {}, WRITE);
    expect(status).toBe(404);
  });

  it('shows its history in true order, however it arrived, with sources and counts', async () => {
    const sid = aSid();
    await tell(sid, 11, 3, 30, { exitStatus: 0 });
    await tell(sid, 40, 1, 1, { status: 0 });
    await tell(sid, 40, 1, 1, { status: 0 });
    await tell(sid, 41, 2, 29, { leaveCode: 16 });
    await sessionWhen(sid, ({ notices }) => notices.deliveries === 4);
    const { body } = await get(`/v1/sessions/${sid}/timeline`);
    const seen = body.timeline.filter(({ source }: { source: string }) => source === 'notice');
    expect(seen.map(({ kind, sequence, deliveries }: any) => [kind, sequence, deliveries])).toEqual([
      ['recorder_started', 1, 2],
      ['recorder_leave', 2, 1],
      ['session_exit', 3, 1],
    ]);
    expect(body.next).toBeNull();
    expect(seen[0]).toMatchObject({ at: new Date(at(1)).toISOString(), eventType: 40, serviceType: 0, uid: '900001' });
  });

  it('shows an unknown event as Agora sent it', async () => {
    const sid = aSid();
    const details = { msgName: 'novel', startUtcMs: 1e300, nested: { someMs: 1, list: [null, 'x'] } };
    await tell(sid, 777, 1, 1, details);
    await sessionWhen(sid, ({ notices }) => notices.events === 1);
    const { status, body } = await get(`/v1/sessions/${sid}/timeline`);
    expect(status).toBe(200);
    expect(body.timeline).toEqual([expect.objectContaining({ kind: 'event_777', details })]);
    expect(body.timeline[0]).not.toHaveProperty('isRaw');
  });

  it('shows which numbers are missing, and settles them when they come', async () => {
    const sid = aSid();
    await tell(sid, 30, 0, 1, { status: 0 });
    await tell(sid, 40, 1, 1, { status: 0 });
    await tell(sid, 33, 4, 61, { progress: 5000 });
    await sessionWhen(sid, ({ gaps }) => gaps.open === 1);
    const { body } = await get(`/v1/sessions/${sid}/gaps`);
    expect(body.gaps).toEqual([expect.objectContaining({ from: 2, to: 3, state: 'open' })]);
    expect((await get('/v1/sessions?hasGaps=true')).body.sessions.map((s: any) => s.sid)).toContain(sid);
    await tell(sid, 42, 2, 2, {});
    await tell(sid, 43, 3, 3, { state: 0 });
    await sessionWhen(sid, ({ gaps }) => gaps.open === 0 && gaps.settled === 1);
  });

  it('lists its files with every source that named them', async () => {
    const { sid } = sampleNotification('ev31-mix-hls') as { sid: string };
    await service.notify(sampleNotification('ev4-mix'));
    await service.notify(sampleNotification('ev31-mix-hls-mp4'));
    await sessionWhen(sid, ({ upload }) => upload.state === 'uploaded');
    const { body } = await get(`/v1/sessions/${sid}/files`);
    expect(body.files.map(({ name }: any) => name)).toEqual([`${sid}_lesson-4821.m3u8`, `${sid}_lesson-4821_0.mp4`]);
    expect(body.files[0]).toMatchObject({ playable: true, trackType: 'audio_and_video' });
    expect(body.files[0].sources).toHaveLength(2);
  });

  it('explains each of its facts in words, with the evidence', async () => {
    const sid = aSid();
    await tell(sid, 11, 3, 30, { exitStatus: 1 });
    await sessionWhen(sid, ({ state }) => state === 'failed');
    const { body } = await get(`/v1/sessions/${sid}/explain`);
    const facts = body.facts.map(({ fact }: any) => fact);
    expect(facts).toEqual(expect.arrayContaining(['state', 'outcome', 'certainty', 'startedAt', 'endedAt', 'upload']));
  });
});

describe('asking', () => {
  it('is done soon after a registration, and the answer is kept', async () => {
    const sid = aSid();
    service.agora.answerWith((path) => (path.includes(`/sid/${sid}/`) ? ALIVE : GONE));
    await put(sid, registration({ startedAt: new Date().toISOString() }));
    const session = await sessionWhen(sid, ({ state }) => state === 'recording');
    expect(session).toMatchObject({ certainty: 'observed', serviceStatus: 5 });
    const { body } = await get(`/v1/sessions/${sid}/observations`);
    expect(body.observations).toEqual([
      expect.objectContaining({
        outcome: 'answered',
        count: 1,
        answer: expect.objectContaining({ status: 5 }),
      }),
    ]);
    expect(service.agora.requests.map(({ path }) => path)).toContain(
      `/v1/apps/${APP}/cloud_recording/resourceid/resource/sid/${sid}/mode/mix/query`,
    );
  });

  it('is done at once on request: 202, and 409 without a resourceId', async () => {
    const sid = aSid();
    service.agora.answerWith(ALIVE);
    await put(sid, registration({ startedAt: new Date().toISOString() }));
    await sessionWhen(sid, ({ observations }) => observations.count === 1);
    const asked = await service.api('POST', `/v1/sessions/${sid}/reconcile`, undefined, WRITE);
    expect(asked.status).toBe(202);
    await sessionWhen(sid, ({ observations }) => observations.count === 2);
    const unregistered = aSid();
    await tell(unregistered, 40, 1, 1);
    await sessionWhen(unregistered, () => true);
    const refused = await service.api('POST', `/v1/sessions/${unregistered}/reconcile`, undefined, WRITE);
    expect(refused.status).toBe(409);
  });

  it('takes what `stop` answered as evidence of the end', async () => {
    const sid = aSid();
    await tell(sid, 40, 1, 1, { status: 0 });
    await sessionWhen(sid, () => true);
    const path = `/v1/sessions/${sid}/stop-response`;
    const stopped = { serverResponse: { uploadingStatus: 'uploaded', fileList: 'a.m3u8' } };
    const answer = await service.api('POST', path, stopped, WRITE);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ state: 'ended', outcome: 'completed', upload: { state: 'uploaded' } });
    expect((await service.api('POST', path, stopped, WRITE)).status).toBe(200);
    const failed = { code: 404, reason: 'failed to find worker' };
    const other = aSid();
    await put(other, registration());
    await service.api('POST', `/v1/sessions/${other}/stop-response`, failed, WRITE);
    expect((await get(`/v1/sessions/${other}`)).body.state).toBe('registered');
  });
});

describe('what `stop` answered about another session', () => {
  it('is refused, naming both, and ends nothing', async () => {
    const [sid, other] = [aSid(), aSid()];
    await put(sid, registration());
    const path = `/v1/sessions/${sid}/stop-response`;
    const answer = { sid: other, resourceId: 'r', serverResponse: { uploadingStatus: 'uploaded' } };
    const refused = await service.api('POST', path, answer, WRITE);
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toMatch(new RegExp(`${sid}.*${other}`));
    const { body } = await get(`/v1/sessions/${sid}/timeline`);
    expect(body.timeline.map(({ source }: any) => source)).toEqual(['registration']);
    expect((await service.api('POST', path, { ...answer, sid }, WRITE)).status).toBe(201);
  });
});

describe('lists', () => {
  it('page through every session once, newest first, by an opaque cursor', async () => {
    for (let n = 0; n < 7; n += 1) await put(aSid(), registration({ cname: 'paged' }));
    const seen: string[] = [];
    let path = '/v1/sessions?cname=paged&limit=3';
    for (;;) {
      const { body } = await get(path);
      seen.push(...body.sessions.map(({ sid }: any) => sid));
      if (body.next === null) break;
      path = `/v1/sessions?cname=paged&limit=3&cursor=${body.next}`;
    }
    expect(seen).toHaveLength(7);
    expect(seen).toEqual([...seen].sort((a, b) => Number(b.slice(4)) - Number(a.slice(4))));
  });

  it('filter by every field they name', async () => {
    const sid = aSid();
    const startedAt = new Date(at(0)).toISOString();
    await put(sid, registration({ cname: 'filtered', mode: 'web', startedAt }));
    const matching = [
      'appId=app-1',
      'state=registered',
      'mode=web',
      'certainty=reported',
      'hasGaps=false',
      `startedFrom=${startedAt}`,
      `startedTo=${new Date(at(1)).toISOString()}`,
      `updatedAfter=${startedAt}`,
    ];
    const others = [
      'appId=x',
      'state=ended',
      'outcome=vanished',
      'mode=mix',
      'certainty=observed',
      'hasGaps=true',
      `startedFrom=${new Date(at(1)).toISOString()}`,
      'startedTo=2020-01-01T00:00:00Z',
      'updatedAfter=2100-01-01T00:00:00Z',
    ];
    const found = async (filter: string): Promise<number> =>
      (await get(`/v1/sessions?cname=filtered&${filter}`)).body.sessions.length;
    for (const filter of matching) expect([filter, await found(filter)]).toEqual([filter, 1]);
    for (const filter of others) expect([filter, await found(filter)]).toEqual([filter, 0]);
  });

  it('refuse what they do not understand, and cursors that are not ours', async () => {
    for (const query of [
      'limit=0',
      'limit=501',
      'limit=x',
      'state=gone',
      'cursor=xyz',
      'startedFrom=now',
      'hasGaps=1',
      'startedFrom=0000-01-01T00:00:00Z',
      'startedTo=9999-12-31T23:59:59-12:00',
      ...[1e20, -1e20, 1.5, 253_402_300_800_000].map((createdMs) => `cursor=${cursorOf({ createdMs, sid: 'x' })}`),
    ]) {
      expect([query, (await get(`/v1/sessions?${query}`)).status]).toEqual([query, 400]);
    }
  });
});

describe('the change feed', () => {
  it('has each version once, and goes on from where it ended', async () => {
    const start = (await get('/v1/changes?limit=500')).body;
    const sid = aSid();
    await put(sid, registration());
    await tell(sid, 40, 1, 1, { status: 0 });
    await sessionWhen(sid, ({ state }) => state === 'recording');
    let after = start.next;
    const seen: any[] = [];
    for (;;) {
      const { body } = await get(`/v1/changes?after=${after}&limit=1`);
      seen.push(...body.changes);
      after = body.next;
      if (body.changes.length === 0) break;
    }
    const own = seen.filter((change) => change.sid === sid);
    expect(own.map(({ version, session }) => [version, session.state])).toEqual([
      [1, 'registered'],
      [2, 'recording'],
    ]);
    expect(own[0]).toMatchObject({ cursor: expect.any(String), at: expect.any(String) });
    expect(typeof after).toBe('string');
  });
});

describe('the rules', () => {
  it('tell by which times this process judges and asks', async () => {
    expect(await get('/v1/rules')).toMatchObject({
      status: 200,
      body: { startDeadlineMs: expect.any(Number), retryBackoffMs: [5_000, 10_000, 15_000, 30_000] },
    });
  });
});

describe('the budget', () => {
  const lease = (body: unknown): Promise<ApiAnswer> => service.api('POST', '/v1/budget/lease', body, WRITE);

  it('is shared with callers of start and stop: each lease is a slot of its own, at its distance', async () => {
    // Queries about the sessions of other tests hold slots for a second after their answer.
    const leaseBoth = () => Promise.all([lease({ appId: APP, count: 3 }), lease({ appId: APP })]);
    let leases = await leaseBoth();
    for (let tries = 0; tries < 10 && leases[0].body.slots?.length !== 3; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      leases = await leaseBoth();
    }
    expect(leases.map(({ status }) => status)).toEqual([200, 200]);
    const times = leases
      .flatMap(({ body }) => body.slots.map(({ at: time }: any) => Date.parse(time)))
      .sort((a, b) => a - b);
    const distances = times.slice(1).map((time, n) => time - times[n]);
    for (const distance of distances) expect(distance).toBeGreaterThanOrEqual(1000 / 9 - 1.5);
    expect(leases[0].body).toMatchObject({
      account: 'default',
      forMs: 2_000,
      slots: [{ waitMs: expect.any(Number) }, {}, {}],
    });
  }, 60_000);

  it('is not given beyond what queries leave of it: 429, and when to try again', async () => {
    const wanted = Array.from({ length: 4 }, () => lease({ appId: APP, count: 10, forMs: 5_000 }));
    const refused = (await Promise.all(wanted)).find(({ status }) => status !== 200);
    expect(refused?.status).toBe(429);
    expect(refused?.headers['content-type']).toMatch(/problem\+json/);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await lease({ appId: APP, forMs: 99 })).status).toBe(400);
  });

  it('is not given for apps that are not configured, nor with a key that may only read', async () => {
    expect((await lease({ appId: 'unknown' })).status).toBe(404);
    expect((await lease({ appId: APP, count: 11 })).status).toBe(400);
    expect((await service.api('POST', '/v1/budget/lease', { appId: APP }, READ)).status).toBe(403);
  });
});

describe('the summary', () => {
  it('has the shape of its description', async () => {
    const { body } = await get('/v1/summary');
    expect(body).toMatchObject({
      truth: {
        liveSessions: expect.any(Number),
        notQueryable: expect.any(Number),
        boundMs: expect.any(Number),
        verifiedWithinBound: expect.any(Number),
        forecast: { targetMs: 600_000, sessionsAtTarget: expect.any(Number), perSecondForTarget: expect.any(Number) },
      },
      sessions: {
        registered: expect.any(Number),
        starting: expect.any(Number),
        recording: expect.any(Number),
        stopping: expect.any(Number),
        ended: expect.any(Number),
        failed: expect.any(Number),
      },
      notices: {
        deliveries: expect.any(Number),
        events: expect.any(Number),
        duplicates: expect.any(Number),
        outOfOrder: expect.any(Number),
        quarantined: expect.any(Number),
        rejected: expect.any(Number),
        rejectedByReason: expect.objectContaining({ wrong_signature: expect.any(Number) }),
      },
      receiver: { rejections: expect.any(Array) },
      accounts: [{ name: 'default', apps: [{ appId: APP }] }],
      gaps: { open: expect.any(Number), settledByNotice: expect.any(Number), settledByQuery: expect.any(Number) },
      queries: {
        limitPerSecond: 9,
        lastMinute: expect.any(Number),
        throttled: expect.any(Number),
        outcomes: expect.any(Object),
      },
      queue: { backend: 'postgres', waiting: expect.any(Number), active: expect.any(Number) },
    });
    expect(Object.keys(body.staleness)).toEqual(expect.arrayContaining(['maxMs', 'p50Ms', 'p95Ms']));
  });
});

it('the metrics have the promise as gauges, read anew every few seconds', async () => {
  const metrics = async (): Promise<string> => (await service.api('GET', '/metrics')).body;
  const told = async (): Promise<boolean> => /recording_ledger_live_sessions \d/.test(await metrics());
  await waitFor(told, { deadlineMs: 15_000, what: 'what is told of the ledger' });
  for (const name of [
    'truth_bound_seconds',
    'verified_within_bound',
    'live_sessions',
    'sessions_at_target',
    'pending_evidence',
    'staleness_seconds{percentile="99"}',
    'sessions{state="ended"}',
  ]) {
    expect(await metrics()).toContain(`recording_ledger_${name} `);
  }
});

describe('the reporting role', () => {
  it('reads the views, and nothing else', async () => {
    const reader = new pg.Client({ connectionString: service.database.url });
    await reader.connect();
    await reader.query('set role recording_reader');
    const { rows } = await reader.query('select sid, state, ended_at from reporting.sessions');
    expect(rows.length).toBeGreaterThan(0);
    await reader.query('select * from reporting.timeline limit 5');
    for (const table of ['sessions', 'notices', 'registrations', 'observations', 'changes']) {
      await expect(reader.query(`select * from public.${table}`)).rejects.toThrow(/permission denied/);
    }
    await expect(reader.query('create table mine (x int)')).rejects.toThrow(/permission denied/);
    await reader.end();
  });
});
