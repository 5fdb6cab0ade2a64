import { readFileSync } from 'node:fs';
import { jest } from '@jest/globals';
import { outcomeOfResponse } from '../../src/agora/outcome-of-response.js';
import { listChanges } from '../../src/db/sessions/changes.js';
import { countSetAside } from '../../src/db/sessions/set-aside.js';
import { storeNotices, type NoticeRow } from '../../src/db/evidence/store-notices.js';
import { foldPending, refoldSession } from '../../src/ledger/fold-sessions.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { sweep, refoldConfigured } from '../../src/ledger/sweep.js';
import { register } from '../../src/ledger/register.js';
import { recordAnswer } from '../../src/ledger/record-answer.js';
import type { QueryOutcome } from '../../src/evidence/observation.js';
import { unixMs } from '../../src/evidence/instant.js';
import { createRandom } from '../../src/simulator/random.js';
import { anAnswer, aRegistration, at, NOT_FOUND, SID } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';
import { FACTS_SHAPE } from '../../src/sessions/facts/facts.js';

/** As the first release kept them: of quite another history than the evidence tells. */
const FIRST_FACTS = readFileSync(new URL('../fixtures/facts-before-shapes.json', import.meta.url), 'utf8');

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await createTestLedger();
});
afterEach(async () => {
  await ledger.close();
});

const life = (): NoticeRow[] => [
  aRow(1, 30, { status: 0 }, { sequence: 0, serviceType: 2 }),
  aRow(2, 40, { status: 0 }, { sequence: 1 }),
  aRow(62, 33, { progress: 4000 }, { sequence: 2, serviceType: 2 }),
  aRow(100, 41, { leaveCode: 16 }, { sequence: 3 }),
  aRow(104, 31, { status: 0, fileList: [{ fileName: 'a.m3u8' }] }, { sequence: 4, serviceType: 2 }),
  aRow(105, 11, { exitStatus: 0 }, { sequence: 5, serviceType: 0 }),
];

async function ask(seconds: number, outcome: QueryOutcome, registration = aRegistration()): Promise<void> {
  const httpStatus = outcome.kind === 'answered' ? 200 : 404;
  const status = outcome.kind === 'answered' ? outcome.answer.status : null;
  const body =
    httpStatus === 200
      ? JSON.stringify({ serverResponse: { status } })
      : '{"code":404,"reason":"failed to find worker"}';
  const answeredMs = unixMs(at(seconds) + 100);
  const answer = { sid: SID, askedMs: at(seconds), answeredMs, clockEra: 0, outcome, httpStatus, body };
  await recordAnswer(ledger.context, 'account', answer, registration);
}

async function rows(): Promise<unknown[]> {
  const { rows: found } = await ledger.db.pool.query<Record<string, unknown>>(
    `select sid, version, state, outcome, certainty, created_at, updated_at, facts::text, session::text
     from sessions order by sid`,
  );
  return found;
}

async function sessionNow(): Promise<Record<string, unknown>> {
  const { rows: found } = await ledger.db.pool.query<{ session: Record<string, unknown> }>(
    `select session from sessions where sid = $1`,
    [SID],
  );
  return found[0]?.session ?? {};
}

async function refuseToSave(sid: string): Promise<void> {
  await ledger.db.pool.query(
    `create function refuse() returns trigger language plpgsql as $$
     begin raise exception using errcode = '22023', message = 'this one is refused'; end $$;
     create trigger refused before insert or update on sessions
       for each row when (new.sid = '${sid}') execute function refuse()`,
  );
}

async function saveAgain(): Promise<void> {
  await ledger.db.pool.query('drop trigger refused on sessions');
}

async function statesBySid(): Promise<Record<string, string>> {
  const { rows: found } = await ledger.db.pool.query<{ sid: string; state: string }>('select sid, state from sessions');
  return Object.fromEntries(found.map(({ sid, state }) => [sid, state]));
}

describe('storing and folding', () => {
  it('is not held up by a session that cannot be folded, which is tried again until it can', async () => {
    const asideOnes: string[] = [];
    const context = { ...ledger.context, onSetAside: (sid: string) => void asideOnes.push(sid) };
    const after = (ms: number) => ({ ...context, now: () => unixMs(Date.now() + ms) });
    const other = 'c'.repeat(32);
    await refuseToSave(SID);
    await storeNotices(ledger.db.pool, [...life(), aRow(1, 40, { status: 0 }, { sid: other })], 1);
    await foldAll(context);
    expect(await statesBySid()).toEqual({ [other]: 'recording' });
    await sweep(after(6_000));
    expect(asideOnes).toEqual([SID, SID]);
    await sweep(after(9_000));
    expect(asideOnes).toHaveLength(2);
    await saveAgain();
    await sweep(after(20_000));
    expect(await statesBySid()).toEqual({ [other]: 'recording', [SID]: 'ended' });
    expect(await sessionNow()).toMatchObject({ notices: { events: life().length } });
    expect(await countSetAside(ledger.db.pool)).toBe(0);
  });

  it('is not held up by a session whose alarm cannot be folded', async () => {
    const other = 'c'.repeat(32);
    const gap = (sid: string) => [
      aRow(1, 40, { status: 0 }, { sid, sequence: 0 }),
      aRow(2, 33, { progress: 1 }, { sid, sequence: 5, serviceType: 1 }),
    ];
    await storeNotices(ledger.db.pool, [...gap(SID), ...gap(other)], 1);
    await foldAll(ledger.context);
    const later = { ...ledger.context, now: () => unixMs(Date.now() + 60_000) };
    const alarms = async (): Promise<string[]> =>
      (await ledger.db.pool.query<{ sid: string }>('select sid from session_alarms order by sid')).rows.map(
        ({ sid }) => sid,
      );
    const before = await alarms();
    expect(before).toEqual([SID, other].sort());
    await refuseToSave(SID);
    await sweep(later);
    expect(await alarms()).toEqual([]);
    expect(await countSetAside(ledger.db.pool)).toBe(1);
    await saveAgain();
    await sweep({ ...later, now: () => unixMs(Date.now() + 70_000) });
    expect(await countSetAside(ledger.db.pool)).toBe(0);
  });

  it('takes names of any length', async () => {
    // Random, for Postgres compresses what repeats itself before it finds it too long for an index.
    const bytes = createRandom(1, 'a name that cannot be compressed');
    const long = Buffer.from(Array.from({ length: 6_000 }, () => bytes.whole(0, 255))).toString('base64');
    const file = aRow(9, 31, { status: 0, fileList: [{ fileName: long }] }, { uid: long, serviceType: 2 });
    const row = aRow(1, 40, { status: 0 }, { cname: long, noticeId: long });
    await storeNotices(ledger.db.pool, [row, file], 1);
    expect(await foldAll(ledger.context)).toBe(1);
    expect(await sessionNow()).toMatchObject({ cname: long, recorderUids: expect.arrayContaining([long]) });
    const { rows: files } = await ledger.db.pool.query<{ name: string }>('select name from session_files');
    expect(files).toEqual([{ name: expect.stringMatching(/^.{1503}~[0-9a-f]{32}$/s) }]);
  });

  it('keeps the longest names apart, beside the longest session id, in any script', async () => {
    const signs = createRandom(2, 'signs of three bytes');
    const random = (length: number): string =>
      Array.from({ length }, () => String.fromCodePoint(0x4e00 + signs.whole(0, 19_999))).join('');
    const [sid, long] = [random(256), random(500)];
    const fileList = ['a', 'b', `${random(500)}c`].map((end) => ({ fileName: `${long}${end}.ts` }));
    await storeNotices(ledger.db.pool, [aRow(9, 31, { status: 0, fileList }, { sid })], 1);
    expect(await foldAll(ledger.context)).toBe(1);
    const { rows: files } = await ledger.db.pool.query<{ n: number }>('select count(*)::int as n from session_files');
    expect(files).toEqual([{ n: 3 }]);
  });

  it('makes a session out of stored notifications, and leaves nothing waiting', async () => {
    await storeNotices(ledger.db.pool, life(), 1);
    await foldAll(ledger.context);
    expect(await sessionNow()).toMatchObject({
      state: 'ended',
      outcome: 'completed',
      upload: { state: 'uploaded', progress: 1 },
      notices: { events: 6, deliveries: 6, duplicates: 0 },
    });
    expect(await foldPending(ledger.context, 10)).toEqual({ sessions: 0, more: false });
  });

  it('is folded by the sweep where no wake-up came, once the load of notifications is over', async () => {
    await storeNotices(ledger.db.pool, life(), 1);
    await sweep({ ...ledger.context, pressure: () => 'lasting' });
    expect(await sessionNow()).toEqual({});
    await sweep(ledger.context);
    expect(await sessionNow()).toMatchObject({ state: 'ended' });
  });

  it('keeps a notification once, however often it comes, and counts the copies', async () => {
    const [first] = life();
    if (first === undefined) throw new Error('no notification');
    const copy = { ...first, noticeKey: 'f'.repeat(32), noticeId: 'another' };
    expect(await storeNotices(ledger.db.pool, [first, first], 1)).toEqual({
      stored: 1,
      repeated: 1,
    });
    expect(await storeNotices(ledger.db.pool, [first], 1)).toEqual({ stored: 0, repeated: 1 });
    expect(await storeNotices(ledger.db.pool, [copy], 1)).toEqual({ stored: 0, repeated: 1 });
    await foldAll(ledger.context);
    expect((await sessionNow())['notices']).toMatchObject({
      events: 1,
      deliveries: 4,
      duplicates: 3,
    });
  });

  it('comes to the same session in reverse, one by one, as in order and all at once', async () => {
    await storeNotices(ledger.db.pool, life(), 1);
    await foldAll(ledger.context);
    const inOrder = await sessionNow();
    const other = await createTestLedger();
    for (const row of life().reverse()) {
      await storeNotices(other.db.pool, [row], 1);
      await foldAll(other.context);
    }
    const { rows: found } = await other.db.pool.query<{ session: unknown }>('select session from sessions');
    await other.close();
    // Each ledger learned of the end when it did.
    expect(found[0]?.session).toEqual({ ...inOrder, endKnownMs: expect.any(Number) });
  });

  it('shows that the app of a session is not configured, and asks about it once it is', async () => {
    const rules = { ...ledger.context.rules, accountOf: () => null };
    const receivedMs = unixMs(Date.now());
    for (const sid of ['a', 'b', 'c'])
      await register({ ...ledger.context, rules }, aRegistration({ sid, receivedMs, startedMs: null }));
    const told = (): Promise<unknown> =>
      ledger.db.pool
        .query(
          `select sid, session -> 'findings' -> 0 ->> 'code' as finding, exists (select from query_schedule where query_schedule.sid = sessions.sid) as scheduled from sessions order by sid`,
        )
        .then(({ rows: found }) => found);
    const finding = 'app_not_configured';
    expect(await told()).toEqual(['a', 'b', 'c'].map((sid) => ({ sid, finding, scheduled: false })));
    await refoldConfigured(ledger.context, ['another']);
    expect(await told()).toEqual(['a', 'b', 'c'].map((sid) => ({ sid, finding, scheduled: false })));
    await refoldConfigured(ledger.context, ['app']);
    expect(await told()).toEqual(['a', 'b', 'c'].map((sid) => ({ sid, finding: null, scheduled: true })));
  });

  it('continues with what an older release beside it has saved', async () => {
    await register(ledger.context, aRegistration());
    await ledger.db.pool.query(`update sessions set facts = $1`, [FIRST_FACTS]);
    await storeNotices(ledger.db.pool, [aRow(2, 40, { status: 0 })], 1);
    await foldAll(ledger.context);
    const { rows } = await ledger.db.pool.query(
      `select state, facts #>> '{registrations,first,resourceId}' as first, facts -> 'shape' as shape from sessions`,
    );
    expect(rows).toEqual([{ state: 'recording', first: 'resource', shape: FACTS_SHAPE }]);
  });

  it('plans a new query for one that was on its way when the registration was corrected', async () => {
    await register(ledger.context, aRegistration({ startedMs: null, receivedMs: unixMs(Date.now()) }));
    await ledger.db.pool.query(
      `update query_schedule set claimed_at = now(), asking = true, due_at = now() + interval '1 day'`,
    );
    await register(ledger.context, aRegistration({ startedMs: null, resourceId: 'right', replaces: true }));
    const { rows } = await ledger.db.pool.query(
      `select asking, claimed_at, due_at < now() + interval '1 minute' as soon from query_schedule`,
    );
    expect(rows).toEqual([{ asking: false, claimed_at: null, soon: true }]);
  });

  it('marks test events of the console and makes no session of them, unless it is registered', async () => {
    const test = aRow(1, 40, {}, { sid: 'test', cname: 'test' });
    await storeNotices(ledger.db.pool, [test], 1);
    expect(await foldAll(ledger.context)).toBe(0);
    expect(await rows()).toEqual([]);
    await register(ledger.context, aRegistration({ sid: 'test', cname: 'test' }));
    const { rows: found } = await ledger.db.pool.query<{ state: string }>('select state from sessions');
    expect(found).toEqual([{ state: 'recording' }]);
  });

  it('shares the work between concurrent workers, and folds nothing twice', async () => {
    const many = Array.from({ length: 300 }, (_, n) =>
      aRow(n, 33, { progress: n }, { sid: `session-${String(n % 60)}`, serviceType: 2 }),
    );
    await storeNotices(ledger.db.pool, many, 1);
    await Promise.all(Array.from({ length: 6 }, () => foldAll(ledger.context)));
    await foldAll(ledger.context);
    const { rows: found } = await ledger.db.pool.query<{ sessions: number; events: number }>(
      `select count(*)::int as sessions, sum((session #>> '{notices,events}')::int)::int as events from sessions`,
    );
    expect(found).toEqual([{ sessions: 60, events: 300 }]);
  });
});

describe('folding while more comes in', () => {
  it('counts each delivery once, also where a session is folded from scratch', async () => {
    const storing = { now: true };
    const store = async (part: number): Promise<void> => {
      for (let n = 0; n < 100; n += 1) {
        const sid = `busy-${String(part)}-${String(n)}`;
        const row = aRow(n, 33, { progress: n }, { sid, serviceType: 2 });
        for (let times = 0; times < 4; times += 1) await storeNotices(ledger.db.pool, [row], 1);
      }
    };
    const folding = Array.from({ length: 3 }, async () => {
      while (storing.now) await foldAll(ledger.context);
    });
    await Promise.all([store(1), store(2)]);
    storing.now = false;
    await Promise.all(folding);
    await foldAll(ledger.context);
    const { rows: found } = await ledger.db.pool.query<{ deliveries: number }>(
      `select distinct (session #>> '{notices,deliveries}')::int as deliveries from sessions`,
    );
    expect(found).toEqual([{ deliveries: 4 }]);
  });
});

describe('gaps', () => {
  it('are listed for reporting as the session has them: opened, covered by a query, closed', async () => {
    const listed = async (): Promise<unknown[]> =>
      (
        await ledger.db.pool.query(
          'select first_missing::int as first, last_missing::int as last, settled_by as by from session_gaps order by 1',
        )
      ).rows;
    const tell = async (seconds: number, sequence: number): Promise<void> => {
      await storeNotices(ledger.db.pool, [aRow(seconds, 33, { progress: seconds }, { sequence })], 1);
      await foldAll(ledger.context);
    };
    await register(ledger.context, aRegistration());
    await tell(1, 0);
    expect(await listed()).toEqual([]);
    await tell(2, 3);
    await tell(62, 4);
    expect(await listed()).toEqual([{ first: 1, last: 2, by: null }]);
    await ask(70, anAnswer(5));
    expect(await listed()).toEqual([{ first: 1, last: 2, by: 'query' }]);
    await tell(80, 1);
    await tell(81, 2);
    expect(await listed()).toEqual([{ first: 1, last: 2, by: 'notice' }]);
    expect((await sessionNow())['gaps']).toMatchObject({ open: 0, settledByNotice: 1 });
  });
});

describe('refolding', () => {
  it('rebuilds identical rows, to the byte, also of rows that were dropped', async () => {
    await register(ledger.context, aRegistration());
    for (const row of life()) {
      await storeNotices(ledger.db.pool, [row], 1);
      await foldAll(ledger.context);
    }
    await ask(5, anAnswer(5));
    await ask(30, anAnswer(5));
    await ask(60, anAnswer(5));
    await ask(107, NOT_FOUND);
    const before = await rows();
    expect(await refoldSession(ledger.context, SID)).toBeNull();
    expect(await rows()).toEqual(before);
    await ledger.db.pool.query('delete from sessions');
    await refoldSession(ledger.context, SID);
    expect(await rows()).toEqual(before);
  });

  it('gives the same after a notification that was received before others and stored after them', async () => {
    const [first, second, ...rest] = life();
    if (first === undefined || second === undefined) throw new Error('no notifications');
    await storeNotices(ledger.db.pool, [first, ...rest], 1);
    await foldAll(ledger.context);
    await storeNotices(ledger.db.pool, [second], 1);
    await foldAll(ledger.context);
    const before = await rows();
    expect((await sessionNow())['notices']).toMatchObject({ events: 6, outOfOrder: 0 });
    expect(await refoldSession(ledger.context, SID)).toBeNull();
    expect(await rows()).toEqual(before);
  });
});

describe('observations', () => {
  it('are kept as runs of equal answers, and every 404 for itself', async () => {
    await register(ledger.context, aRegistration());
    for (const second of [5, 30, 60]) await ask(second, anAnswer(5));
    for (const second of [90, 95]) await ask(second, NOT_FOUND);
    const { rows: found } = await ledger.db.pool.query<{ outcome: string; count: number }>(
      'select outcome, count from observations order by asked_at',
    );
    expect(found).toEqual([
      { outcome: 'answered', count: 3 },
      { outcome: 'not_found', count: 1 },
      { outcome: 'not_found', count: 1 },
    ]);
    expect((await sessionNow())['observations']).toMatchObject({
      count: 5,
      lastOutcome: 'not_found',
    });
  });

  it('are folded as they are read again later, and the body of an answer is read once', async () => {
    await register(ledger.context, aRegistration());
    const file = { fileName: 'a.m3u8', trackType: 'audio_and_video', uid: '0' };
    const body = JSON.stringify({ sid: SID, serverResponse: { status: 5, fileListMode: 'json', fileList: [file] } });
    const read = (status: number, text: string) => outcomeOfResponse({ status, headers: {}, body: text, nowMs: at(0) });
    const answers: [number | null, string | null, QueryOutcome][] = [
      [200, body, read(200, body)],
      [200, body, read(200, body)],
      [200, '<html>', read(200, '<html>')],
      [502, '<html>', read(502, '<html>')],
      [429, '{}', { kind: 'throttled', retryAfterMs: 7_000 }],
      [429, '{}', { kind: 'throttled', retryAfterMs: 9_000 }],
      [null, null, { kind: 'unavailable', reason: 'timeout' }],
      [null, null, { kind: 'unavailable', reason: 'network' }],
      [400, '{"code":2,"reason":"no"}', read(400, '{"code":2,"reason":"no"}')],
    ];
    const parse = jest.spyOn(JSON, 'parse');
    for (const [n, [httpStatus, text, outcome]] of answers.entries()) {
      const [askedMs, answeredMs] = [at(10 * n), unixMs(at(10 * n) + 100)];
      const answer = {
        sid: SID,
        askedMs,
        answeredMs,
        clockEra: 0,
        outcome,
        httpStatus,
        body: text,
      };
      await recordAnswer(ledger.context, 'account', answer, aRegistration());
    }
    const parsed = parse.mock.calls.map(([text]) => text);
    parse.mockRestore();
    expect(answers.flatMap(([, text]) => (text !== null && parsed.includes(text) ? [text] : []))).toEqual([]);
    const before = await rows();
    const counts = await ledger.db.pool.query<{ count: number }>('select count from observations order by asked_at');
    expect(counts.rows.map(({ count }) => count)).toEqual([2, 2, 2, 2, 1]);
    expect(await refoldSession(ledger.context, SID)).toBeNull();
    expect(await rows()).toEqual(before);
  });

  it('asked by a corrected registration begin a new run', async () => {
    const right = aRegistration({ resourceId: 'right', replaces: true });
    await register(ledger.context, aRegistration());
    for (const second of [5, 30]) await ask(second, anAnswer(5));
    await register({ ...ledger.context, now: () => at(40) }, right);
    for (const second of [60, 90]) await ask(second, anAnswer(5), right);
    const { rows: found } = await ledger.db.pool.query<{ count: number }>(
      'select count from observations order by asked_at',
    );
    expect(found).toEqual([{ count: 2 }, { count: 2 }]);
  });

  it('that say the same move the counts and make no new version', async () => {
    await register(ledger.context, aRegistration());
    await ask(5, anAnswer(5));
    const after = (await listChanges(ledger.db.pool, '0', 100)).length;
    await ask(30, anAnswer(5));
    expect(await listChanges(ledger.db.pool, '0', 100)).toHaveLength(after);
    expect((await sessionNow())['observations']).toMatchObject({ count: 2 });
  });

  it('end a session that vanished, and after a last look the schedule with it', async () => {
    await register(ledger.context, aRegistration());
    await ask(5, anAnswer(5));
    for (const second of [125, 130, 140, 155, 185, 216]) await ask(second, NOT_FOUND);
    expect(await sessionNow()).toMatchObject({ state: 'ended', outcome: 'vanished' });
    const reasons = async () => (await ledger.db.pool.query('select reason, live_since from query_schedule')).rows;
    expect(await reasons()).toEqual([{ reason: expect.stringContaining('is it still'), live_since: null }]);
    await ask(250, NOT_FOUND);
    expect(await reasons()).toEqual([]);
  });
});

describe('the change feed', () => {
  it('has every version of every session once, in an order that a reader can follow while sessions are written', async () => {
    const seen: { sid: string; version: number }[] = [];
    const writing = { now: true };
    const reader = (async () => {
      let after = '0';
      for (;;) {
        const last = !writing.now;
        const page = await listChanges(ledger.db.pool, after, 50);
        seen.push(...page.map(({ sid, version }) => ({ sid, version })));
        after = page.at(-1)?.cursor ?? after;
        if (last && page.length === 0) return;
      }
    })();
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; n < 15; n += 1) {
        const sid = `feed-${String(writer)}-${String(n % 5)}`;
        await storeNotices(ledger.db.pool, [aRow(n, 33, { progress: n }, { sid, serviceType: 2 })], 1);
        await foldAll(ledger.context);
      }
    });
    await Promise.all(writers);
    await foldAll(ledger.context);
    writing.now = false;
    await reader;
    const versions = new Map<string, number[]>();
    for (const { sid, version } of seen) versions.set(sid, [...(versions.get(sid) ?? []), version]);
    for (const found of versions.values()) {
      expect(found).toEqual(found.map((_, index) => index + 1));
    }
    expect(versions.size).toBe(20);
  });
});
