import { outcomeOfResponse } from '../../src/agora/outcome-of-response.js';
import { listChanges } from '../../src/db/sessions/changes.js';
import { storeNotices, type NoticeRow } from '../../src/db/evidence/store-notices.js';
import { unixMs, type UnixMs } from '../../src/evidence/instant.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { foldAlarms, refoldSession } from '../../src/ledger/fold-sessions.js';
import { recordAnswer } from '../../src/ledger/record-answer.js';
import { register } from '../../src/ledger/register.js';
import { aRegistration, at, SID } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';

const KEY = 'k-7f3a91c2';
const ADDRESS = `rtmp://live.example.net/app/${KEY}`;

let ledger: TestLedger;
let nowMs: UnixMs;
beforeEach(async () => {
  ledger = await createTestLedger();
  nowMs = at(0);
  ledger.context.now = () => nowMs;
});
afterEach(async () => {
  await ledger.close();
});

const start = (): NoticeRow => aRow(2, 40, { status: 0 }, { sequence: 0 });
const progress = (): NoticeRow => aRow(62, 33, { progress: 7000 }, { sequence: 1, serviceType: 2 });
const exit = (): NoticeRow => aRow(105, 11, { exitStatus: 0 }, { sequence: 2, serviceType: 0 });
const uploaded = (): NoticeRow => aRow(106, 31, { status: 0 }, { sequence: 3, serviceType: 2 });

/** What is received is folded `seconds` after the start. */
async function hear(seconds: number, ...notices: NoticeRow[]): Promise<void> {
  nowMs = at(seconds);
  await storeNotices(ledger.db.pool, notices, 1);
  await foldAll(ledger.context);
}

async function ask(seconds: number, status: number, body: unknown): Promise<void> {
  const text = JSON.stringify(body);
  const [askedMs, answeredMs] = [at(seconds), unixMs(at(seconds) + 100)];
  nowMs = answeredMs;
  const outcome = outcomeOfResponse({ status, headers: {}, body: text, nowMs });
  const answer = { sid: SID, askedMs, answeredMs, clockEra: 0, outcome, httpStatus: status, body: text };
  await recordAnswer(ledger.context, 'account', answer, aRegistration());
}

async function rows(): Promise<Record<string, unknown>[]> {
  const { rows: found } = await ledger.db.pool.query<Record<string, unknown>>(
    `select version, created_at, updated_at, facts::text, session::text from sessions`,
  );
  return found;
}

async function published() {
  const changes = await listChanges(ledger.db.pool, '0', 100);
  return changes.map(({ session, atMs }) => ({ atMs, ...session }));
}

async function dropAndRefold(seconds: number): Promise<void> {
  nowMs = at(seconds);
  await ledger.db.pool.query('delete from sessions');
  await refoldSession(ledger.context, SID);
}

describe('when the ledger first said that a session is over', () => {
  it('is the time of the version that did, whatever comes later', async () => {
    await hear(10, start(), progress());
    await hear(110, exit());
    await hear(130, uploaded());
    const versions = await published();
    expect(versions.map(({ state, endKnownMs }) => [state, endKnownMs])).toEqual([
      ['recording', null],
      ['ended', at(110)],
      ['ended', at(110)],
    ]);
  });

  it('is unsaid by a reopening, and said anew by the next end', async () => {
    await register(ledger.context, aRegistration());
    await hear(110, start(), exit());
    await ask(120, 200, { serverResponse: { status: 5 } });
    expect((await published()).at(-1)).toMatchObject({ state: 'recording', endKnownMs: null });
    await hear(220, aRow(210, 11, { exitStatus: 0 }, { sequence: 3, serviceType: 0 }));
    expect((await published()).at(-1)).toMatchObject({ state: 'ended', endKnownMs: at(220) });
  });

  it('is the same after its row was dropped', async () => {
    await hear(110, start(), progress(), exit(), uploaded());
    const before = await rows();
    await dropAndRefold(5_000);
    expect(await rows()).toEqual(before);
  });

  it('is found among the versions of a release that did not note it', async () => {
    await hear(10, start(), progress());
    await hear(110, exit());
    await hear(130, uploaded());
    const before = await rows();
    for (const table of ['sessions', 'changes'])
      await ledger.db.pool.query(`update ${table} set session = session - 'endKnownMs' - 'services'`);
    nowMs = at(5_000);
    await refoldSession(ledger.context, SID);
    expect(await rows()).toEqual(before);
    await dropAndRefold(6_000);
    expect(await rows()).toEqual(before);
  });

  it('can be reported', async () => {
    await hear(110, start(), exit());
    const { rows: told } = await ledger.db.pool.query('select end_known_at from reporting.sessions');
    expect(told).toEqual([{ end_known_at: new Date(at(110)) }]);
  });
});

describe('an upload that nobody confirms', () => {
  it('is under way until it is overdue, and then unconfirmed', async () => {
    await hear(110, start(), progress(), exit());
    expect((await published()).at(-1)).toMatchObject({ upload: { state: 'uploading', progress: 0.7 } });
    nowMs = at(704);
    expect(await foldAlarms(ledger.context, 10)).toBe(0);
    nowMs = at(9_999);
    expect(await foldAlarms(ledger.context, 10)).toBe(1);
    const last = (await published()).at(-1);
    expect(last?.upload).toEqual({ state: 'unknown', progress: 0.7 });
    expect(last?.findings.filter(({ code }) => code === 'upload_unconfirmed')).toEqual([
      {
        code: 'upload_unconfirmed',
        atMs: at(705.05),
        message: `The uploader last reported at ${new Date(at(62)).toISOString()} that 70 % is uploaded (33); within 600 s neither 31 nor 32 has reported how the upload ended.`,
      },
    ]);
    expect(await foldAlarms(ledger.context, 10)).toBe(0);
  });

  it('reads the same, to the byte, when its row was dropped and its evidence is folded again', async () => {
    await hear(110, start(), progress(), exit());
    nowMs = at(9_999);
    await foldAlarms(ledger.context, 10);
    const before = await rows();
    await dropAndRefold(20_000);
    expect(await rows()).toEqual(before);
  });

  it('is confirmed after all by a late notification', async () => {
    await hear(110, start(), progress(), exit());
    nowMs = at(9_999);
    await foldAlarms(ledger.context, 10);
    await hear(10_000, uploaded());
    const last = (await published()).at(-1);
    expect(last?.upload).toEqual({ state: 'uploaded', progress: 1 });
    expect(last?.findings.map(({ code }) => code)).not.toContain('upload_unconfirmed');
  });
});

describe('stream keys', () => {
  const told = (): NoticeRow =>
    aRow(20, 100, { msgName: 'rtmp_publish_status', rtmpUrl: ADDRESS, status: 'publishing' }, { sequence: 1 });
  const answer = {
    serverResponse: {
      status: 4,
      extensionServiceState: [
        { serviceName: 'rtmp_publish_service', payload: { outputs: [{ rtmpUrl: ADDRESS, status: 'disconnected' }] } },
      ],
    },
  };

  it('are kept in evidence and nowhere else', async () => {
    await register(ledger.context, aRegistration());
    await hear(30, start(), told());
    await ask(60, 200, answer);
    const { rows: found } = await ledger.db.pool.query<Record<string, string>>(
      `select (select string_agg(t::text, '') from sessions as t) as sessions,
              (select string_agg(t::text, '') from changes as t) as changes,
              (select string_agg(t::text, '') from session_files as t) as files,
              (select string_agg(t::text, '') from reporting.timeline as t) as timeline,
              (select string_agg(t::text, '') from reporting.sessions as t) as reported,
              (select string_agg(raw, '') from notices) as raw`,
    );
    const { raw, ...rest } = found[0] ?? {};
    expect(raw).toContain(KEY);
    expect(JSON.stringify(rest)).not.toContain(KEY);
    expect(JSON.stringify(rest)).toContain('rtmp://live.example.net/app/…');
  });

  it.each([
    [{ rtmpUrl: ADDRESS }, { rtmpUrl: 'rtmp://live.example.net/app/…' }],
    [{ rtmpUrl: `${ADDRESS}/?t=1` }, { rtmpUrl: 'rtmp://live.example.net/app/…' }],
    [
      { rtmpUrl: KEY, a: 1 },
      { rtmpUrl: '…', a: 1 },
    ],
    [{ rtmpUrl: `rtmps://u:p@h/${KEY}` }, { rtmpUrl: 'rtmps://h/…' }],
    [
      { note: `to "${ADDRESS}" it went`, b: 'c' },
      { note: 'to "rtmp://live.example.net/app/…', b: 'c' },
    ],
    [{ note: `at ${ADDRESS}/, then` }, { note: 'at rtmp://live.example.net/app/…' }],
    [{ note: `to RTMP:${KEY}` }, { note: 'to RTMP:…' }],
    [{ list: [ADDRESS, 'x'] }, { list: ['rtmp://live.example.net/app/…', 'x'] }],
    [
      { rtmp: 'rtmp://h/', b: 1 },
      { rtmp: 'rtmp://…', b: 1 },
    ],
  ])('are in no report: %j', async (details, shown) => {
    const raw = JSON.stringify({ payload: { details } }).replaceAll('/', '\\/');
    const { rows: found } = await ledger.db.pool.query<{ details: unknown }>(
      'select reporting.details($1) as details',
      [raw],
    );
    expect(found).toEqual([{ details: shown }]);
  });

  it('of what an earlier release found are masked when it is read', async () => {
    await hear(30, start());
    const finding = `[{"code":"cdn_disconnected","atMs":1,"message":"The CDN push to ${ADDRESS} was disconnected (event 100)."}]`;
    await ledger.db.pool.query(
      `update changes set session = jsonb_set(session - 'services' - 'endKnownMs', '{findings}', $1)`,
      [finding],
    );
    expect((await published())[0]?.findings[0]?.message).toBe(
      'The CDN push to rtmp://live.example.net/app/… was disconnected (event 100).',
    );
  });
});
