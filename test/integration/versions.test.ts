import { storeNotices, type NoticeRow } from '../../src/db/evidence/store-notices.js';
import { FACTS_SHAPE } from '../../src/sessions/facts/facts.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { PIECE } from '../../src/ledger/fold-in-pieces.js';
import { refoldSession } from '../../src/ledger/fold-sessions.js';
import { sweep } from '../../src/ledger/sweep.js';
import { register } from '../../src/ledger/register.js';
import { aRegistration, at, SID } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { liveDay } from '../support/live-day.js';
import { aRow } from '../support/raw-notifications.js';

let ledger: TestLedger;
beforeEach(async () => {
  const made = await createTestLedger();
  // Soon after what the tests tell of: much later, query windows would be over.
  ledger = { ...made, context: { ...made.context, now: () => at(3_000) } };
});
afterEach(async () => {
  await ledger.close();
});

async function rowsOf(sql: string): Promise<any[]> {
  return (await ledger.db.pool.query(sql)).rows;
}

const countVersions = async (): Promise<number> => (await rowsOf('select count(*)::int as n from changes'))[0].n;
const versions = (): Promise<any[]> => rowsOf('select version, changed, because from changes order by version');

async function learn(...rows: NoticeRow[]): Promise<void> {
  await storeNotices(ledger.db.pool, rows, 1);
  await foldAll(ledger.context);
}

const started = () => aRow(2, 40, { status: 0 }, { sequence: 0 });
const named = (seconds: number, fileName: string, told: object = {}) =>
  aRow(seconds, 4, { fileList: [{ fileName, trackType: 'audio', uid: '1', ...told }] }, { sequence: 0 });
const picture = (seconds: number) => aRow(seconds, 45, { fileName: `${String(seconds)}.jpg` }, { sequence: 0 });

describe('a live session', () => {
  it('has some ten versions a day, not one for each heartbeat, and shows its counts as they stand', async () => {
    await liveDay(ledger);
    expect(await countVersions()).toBeLessThanOrEqual(10);
    const [row] = await rowsOf('select session from sessions');
    expect(row.session).toMatchObject({
      state: 'recording',
      certainty: 'confirmed',
      notices: { events: 1_442 },
      observations: { count: 720, lastOutcome: 'answered' },
      upload: { progress: 0.9 },
    });
  }, 120_000);

  it('has few more when it loses every tenth heartbeat', async () => {
    await liveDay(ledger, { minutes: 300, isLost: (minute) => minute % 10 === 0 });
    await sweep({ ...ledger.context, now: () => at(300 * 60 + 60) });
    expect(await countVersions()).toBeLessThanOrEqual(35);
  }, 120_000);
});

describe('learning a file', () => {
  it('is a version, and learning it again is none', async () => {
    await learn(started());
    await learn(named(10, 'a.m3u8'));
    expect((await versions()).at(-1)).toMatchObject({
      version: 2,
      changed: ['files'],
      because: [{ source: 'notice', kind: 'cloud_recording_file_infos' }],
    });
    await learn(named(20, 'a.m3u8'));
    expect(await countVersions()).toBe(2);
    await learn(named(30, 'a.m3u8', { isPlayable: true }));
    await learn(named(40, 'b.m3u8'));
    expect((await versions()).slice(2).map(({ changed }) => changed)).toEqual([['files'], ['files']]);
  });

  it('is the same after its session was folded anew, at once or in pieces', async () => {
    await learn(started(), named(10, 'a.m3u8'), picture(11));
    const before = await rowsOf('select session, version, updated_at from sessions');
    expect(await refoldSession(ledger.context, SID)).toBeNull();
    await register(ledger.context, aRegistration());
    expect((await versions()).at(-1).changed).not.toContain('files');
    await learn(...Array.from({ length: PIECE.evidence + 10 }, (_, n) => picture(n + 20)), named(12, 'b.m3u8'));
    expect((await versions()).at(-1).changed).toContain('files');
    const after = await rowsOf('select session, version, updated_at from sessions');
    expect(after).not.toEqual(before);
    expect(await refoldSession(ledger.context, SID)).toBeNull();
    expect(await rowsOf('select session, version, updated_at from sessions')).toEqual(after);
    await ledger.db.pool.query('delete from sessions');
    await refoldSession(ledger.context, SID);
    expect(await rowsOf('select session, version, updated_at from sessions')).toEqual(after);
  });

  it('is none where an earlier release had not counted what is known', async () => {
    await learn(started(), named(10, 'a.m3u8'));
    await ledger.db.pool.query(`update sessions set session = session - 'files', folded_at = null`);
    await learn(aRow(60, 43, { audio: true }, { sequence: 0 }));
    expect(await countVersions()).toBe(1);
    await learn(named(70, 'b.m3u8'));
    expect((await versions()).at(-1)).toMatchObject({ version: 2, changed: ['files'] });
  });
});

describe('the evidence that led to a version', () => {
  it('is what was not known before, also where the session was read anew for it', async () => {
    await learn(started());
    await register(ledger.context, aRegistration({ receivedMs: at(50) }));
    await learn(aRow(100, 11, { exitStatus: 0 }, { sequence: 0, serviceType: 0 }));
    await learn(aRow(1, 30, { status: 0 }, { sequence: 0, serviceType: 2 }));
    expect((await versions()).map(({ because }) => because)).toMatchObject([
      [{ source: 'notice', kind: 'recorder_started' }],
      [{ source: 'registration', kind: 'registered' }],
      [{ source: 'notice', kind: 'session_exit' }],
      [{ source: 'notice', kind: 'uploader_started' }],
    ]);
  });

  it('is none where only the way to read it is another', async () => {
    await learn(started());
    await ledger.db.pool.query(
      `update sessions set session = jsonb_set(session, '{serviceStatus}', '7'),
              facts = jsonb_set(facts, '{shape}', '${String(FACTS_SHAPE)}')`,
    );
    await refoldSession(ledger.context, SID);
    expect((await versions()).at(-1)).toEqual({ version: 2, changed: ['serviceStatus'], because: [] });
  });
});
