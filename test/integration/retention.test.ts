import { storeNotices, type NoticeRow } from '../../src/db/evidence/store-notices.js';
import { storeSpooled } from '../../src/db/evidence/store-spooled.js';
import { dropNoticesBefore } from '../../src/db/evidence/retention.js';
import { ensurePartitions } from '../../src/db/migrations/partitions.js';
import { DAY_MS, plusMs, unixMs } from '../../src/evidence/instant.js';
import { refoldSession } from '../../src/ledger/fold-sessions.js';
import { applyRetention, type DroppedRows, type RetentionDays } from '../../src/ledger/apply-retention.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import type { QueryOutcome } from '../../src/evidence/observation.js';
import { recordAnswer } from '../../src/ledger/record-answer.js';
import { register } from '../../src/ledger/register.js';
import { anAnswer, aRegistration, at, NOT_FOUND, SID } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';

const KEEP: RetentionDays = { evidence: 0, changes: 0, identities: 0, quarantine: 0, usage: 0 };

const OPEN = 'e'.repeat(32);

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await createTestLedger();
});
afterEach(async () => {
  await ledger.close();
});

const ended = () => [
  aRow(1, 40, { status: 0 }, { sequence: 0 }),
  aRow(62, 33, { progress: 4000 }, { sequence: 1, serviceType: 2 }),
  aRow(105, 11, { exitStatus: 0 }, { sequence: 2, serviceType: 0 }),
];

/** Later by so many days than anything above was received, and than the sessions were folded. */
const later = (days: number) => unixMs(Math.max(at(0), Date.now()) + days * DAY_MS);

async function one<T>(sql: string): Promise<T | undefined> {
  const { rows } = await ledger.db.pool.query<{ value: T }>(sql);
  return rows[0]?.value;
}

const session = () =>
  one<Record<string, unknown>>(
    `select to_jsonb(sessions) - 'updated_at' - 'folded_at' as value from sessions where sid = '${SID}'`,
  );
const notices = () => one<string>(`select string_agg(sid, ',' order by received_at) as value from notices`);

const files = () => one<string>(`select string_agg(name, ',' order by name) as value from session_files`);

/** Out of a spool, with the time at which it was received. */
async function drain(row: NoticeRow): Promise<void> {
  drained += 1;
  await storeSpooled(ledger.db, SPOOL, [{ key: drained, isDoubtful: false, kind: 'notice', row }], 1);
}

const SPOOL = '00000000-0000-4000-8000-000000000000';
let drained = 0;

/** What one run drops, so many days from now. */
async function droppedAfter(days: number, kept: Partial<RetentionDays>): Promise<Partial<DroppedRows>> {
  const told: DroppedRows[] = [];
  const context = { ...ledger.context, now: () => later(days) };
  await applyRetention(context, { ...KEEP, ...kept }, (dropped) => told.push(dropped));
  return told[0] ?? {};
}

async function ask(seconds: number, outcome: QueryOutcome): Promise<void> {
  const status = outcome.kind === 'answered' ? outcome.answer.status : null;
  const body = JSON.stringify(
    status === null ? { code: 404, reason: 'failed to find worker' } : { serverResponse: { status } },
  );
  const httpStatus = status === null ? 404 : 200;
  const times = { askedMs: at(seconds), answeredMs: plusMs(at(seconds), 100), clockEra: 0 };
  await recordAnswer(ledger.context, 'account', { sid: SID, ...times, outcome, httpStatus, body }, aRegistration());
}

const count = async (table: string): Promise<number | undefined> =>
  one<number>(`select count(*)::int as value from ${table}`);

describe('retention', () => {
  it('drops whole days of evidence of ended sessions, and leaves the ledger as it is', async () => {
    await storeNotices(ledger.db.pool, [...ended(), ...ended().slice(1)], 1);
    await foldAll(ledger.context);
    const before = await session();
    const dropped = await dropNoticesBefore(ledger.db, later(30), later(30));
    expect(dropped).toMatchObject({ notices: 3, sessions: 1 });
    expect(dropped.days).toBeGreaterThan(0);
    expect(await notices()).toBeNull();
    expect(await session()).toEqual(before);
    expect(await refoldSession({ ...ledger.context, now: () => later(30) }, SID)).toBeNull();
    expect(await session()).toEqual(before);
  });

  it('still recognises copies of what it has dropped, and still folds what comes late', async () => {
    await storeNotices(ledger.db.pool, ended(), 1);
    await foldAll(ledger.context);
    await dropNoticesBefore(ledger.db, later(30), later(30));
    const receivedMs = later(31);
    await ensurePartitions(ledger.db.pool, receivedMs);
    const late = aRow(106, 31, { status: 0, fileList: [{ fileName: 'a.m3u8' }] }, { sequence: 3, serviceType: 2 });
    const again = ended().map((row) => ({ ...row, receivedMs }));
    await storeNotices(ledger.db.pool, [...again, { ...late, receivedMs }], 1);
    await foldAll({ ...ledger.context, now: () => receivedMs });
    expect(await session()).toMatchObject({
      state: 'ended',
      outcome: 'completed',
      session: { notices: { events: 4, deliveries: 7 }, upload: { state: 'uploaded' } },
    });
    expect((await notices())?.split(',')).toHaveLength(1);
  });

  it('counts what was received before the drop and stored after it', async () => {
    await storeNotices(ledger.db.pool, ended(), 1);
    await foldAll(ledger.context);
    await dropNoticesBefore(ledger.db, later(30), later(30));
    const context = { ...ledger.context, now: () => later(31) };
    const straggler = aRow(104, 41, { leaveCode: 16 }, { sequence: 4, receivedMs: at(104) });
    const spooled = aRow(106, 31, { status: 0, fileList: [{ fileName: 'a.m3u8' }] }, { sequence: 3, serviceType: 2 });
    for (const row of [spooled, straggler]) {
      await drain(row);
      await foldAll(context);
    }
    const after = await session();
    expect(after).toMatchObject({ session: { notices: { events: 5, deliveries: 5 }, upload: { state: 'uploaded' } } });
    for (let n = 0; n < 2; n += 1) expect(await refoldSession(context, SID)).toBeNull();
    expect(await session()).toEqual(after);
    expect(await files()).toBe('a.m3u8');
  });

  it('counts a repetition that was received before it was dropped, and stored after, once', async () => {
    await storeNotices(ledger.db.pool, ended(), 1);
    await foldAll(ledger.context);
    await dropNoticesBefore(ledger.db, later(30), later(30));
    const context = { ...ledger.context, now: () => later(31) };
    for (const row of ended().slice(0, 2)) await drain({ ...row, receivedMs: at(110) });
    await refoldSession(context, SID);
    await refoldSession(context, SID);
    expect(await session()).toMatchObject({ session: { notices: { events: 3, deliveries: 5 } } });
  });

  it('keeps the files that dropped notices named, when their session is folded anew', async () => {
    const named = aRow(103, 4, { fileList: 'a.m3u8' }, { sequence: 5, serviceType: 0 });
    await storeNotices(ledger.db.pool, [...ended(), named], 1);
    await foldAll(ledger.context);
    await dropNoticesBefore(ledger.db, later(30), later(30));
    await refoldSession({ ...ledger.context, now: () => later(31) }, SID);
    expect(await files()).toBe('a.m3u8');
  });

  it('never touches a session that is not over, nor the counts of a day', async () => {
    const open = aRow(3, 40, { status: 0 }, { sequence: 0 });
    await storeNotices(
      ledger.db.pool,
      [
        ...ended(),
        {
          ...open,
          sid: OPEN,
          raw: open.raw.replaceAll(SID, OPEN),
          eventKey: 'e'.repeat(32),
          noticeKey: 'f'.repeat(32),
        },
      ],
      1,
    );
    await foldAll(ledger.context);
    const quality = () =>
      one<object>(`select jsonb_agg(to_jsonb(d) order by day) as value from reporting.delivery_quality_daily d`);
    const before = await quality();
    await dropNoticesBefore(ledger.db, later(30), later(30));
    expect(await notices()).toBe(OPEN);
    expect(await quality()).toEqual(before);
    await ledger.db.pool.query(`update sessions set state = 'ended', outcome = 'completed' where sid = '${OPEN}'`);
    expect(await dropNoticesBefore(ledger.db, later(30), later(30))).toMatchObject({ notices: 1 });
    expect(await notices()).toBeNull();
    expect(await quality()).toEqual(before);
  });

  it('keeps everything where it is not asked for, and what is not old enough where it is', async () => {
    await storeNotices(ledger.db.pool, ended(), 1);
    await foldAll(ledger.context);
    const told: unknown[] = [];
    const keep = { ...ledger.context, now: () => later(3_000) };
    await applyRetention(keep, KEEP, (dropped) => told.push(dropped));
    const soon = { ...ledger.context, now: () => plusMs(at(0), 2 * DAY_MS) };
    await applyRetention(soon, { ...KEEP, evidence: 30 }, (dropped) => told.push(dropped));
    expect(told).toEqual([]);
    expect((await notices())?.split(',')).toHaveLength(3);
    await applyRetention(keep, { ...KEEP, evidence: 30 }, (dropped) => told.push(dropped));
    expect(told).toHaveLength(1);
  });

  it('leaves a locked day for the next run, and drops the rest', async () => {
    await storeNotices(ledger.db.pool, ended(), 1);
    await foldAll(ledger.context);
    const other = await ledger.db.pool.connect();
    await other.query('begin');
    await other.query('lock table notices in access share mode');
    expect(await dropNoticesBefore(ledger.db, later(30), later(30))).toMatchObject({ days: 0 });
    expect((await notices())?.split(',')).toHaveLength(3);
    await other.query('rollback');
    other.release();
    expect(await dropNoticesBefore(ledger.db, later(30), later(30))).toMatchObject({ notices: 3 });
  });

  it('drops what queries told of sessions that are over, and folds late evidence onto what it amounted to', async () => {
    await register(ledger.context, aRegistration());
    await ask(5, anAnswer(5));
    for (const second of [125, 130, 140, 155, 185, 216, 250]) await ask(second, NOT_FOUND);
    const before = await session();
    expect(before).toMatchObject({ state: 'ended', outcome: 'vanished' });
    expect(await droppedAfter(0.5, { evidence: 1 })).toMatchObject({ observations: 0 });
    await ledger.db.pool.query('delete from retention_progress');
    expect(await droppedAfter(30, { evidence: 10 })).toMatchObject({ observations: 8 });
    expect(await count('observations')).toBe(0);
    const context = { ...ledger.context, now: () => later(31) };
    expect(await refoldSession(context, SID)).toBeNull();
    expect(await session()).toEqual(before);
    await drain(aRow(104, 31, { status: 0, fileList: [{ fileName: 'a.m3u8' }] }, { sequence: 0, serviceType: 2 }));
    await foldAll(context);
    // 31 of its last recorder says why it left.
    expect(await session()).toMatchObject({
      outcome: 'completed',
      session: { upload: { state: 'uploaded' }, observations: { count: 8 } },
    });
  });

  it('keeps what queries told of a session that lives, and looks through the table once a day', async () => {
    await register(ledger.context, aRegistration());
    await ask(5, anAnswer(5));
    expect(await droppedAfter(30, { evidence: 10 })).toMatchObject({ observations: 0 });
    expect(await count('observations')).toBe(1);
    expect(await count('retention_progress where through_at is not null')).toBe(1);
  });

  it('forgets who a notification was only after its body is gone', async () => {
    await storeNotices(ledger.db.pool, [...ended(), aRow(3, 40, { status: 0 }, { sid: OPEN })], 1);
    await foldAll(ledger.context);
    expect(await droppedAfter(200, { identities: 90 })).toEqual({});
    expect(await droppedAfter(200, { evidence: 900, identities: 90 })).toEqual({});
    expect(await droppedAfter(200, { evidence: 30, identities: 0 })).toMatchObject({ notices: 3, identities: 0 });
    await ledger.db.pool.query('delete from retention_progress');
    expect(await droppedAfter(50, { evidence: 30, identities: 900 })).toEqual({});
    await ledger.db.pool.query('delete from retention_progress');
    expect(await droppedAfter(200, { evidence: 30, identities: 90 })).toMatchObject({ identities: 3 });
    expect(await count('notice_identities')).toBe(1);
    expect(await notices()).toBe(OPEN);
  });

  it('drops what nobody could read, and how many queries were asked, when they are old', async () => {
    const days = (n: number) => new Date(later(n)).toISOString();
    await ledger.db.pool.query(
      `insert into quarantined_bodies (app_id, digest, raw, reason, received_at)
       select 'app', gen_random_uuid(), '', 'why', t from unnest(array['${days(0)}', '${days(90)}']::timestamptz[]) t`,
    );
    await ledger.db.pool.query(
      `insert into query_usage (account, minute, outcome, asked) values ('a', '${days(0)}', 'answered', 1), ('a', '${days(90)}', 'answered', 1)`,
    );
    expect(await droppedAfter(100, { quarantine: 50, usage: 50 })).toMatchObject({ quarantined: 1, usage: 1 });
    expect([await count('quarantined_bodies'), await count('query_usage')]).toEqual([1, 1]);
  });

  it('does not fail for a day that began before it had a partition', async () => {
    const early = unixMs(Math.floor(later(20) / DAY_MS) * DAY_MS);
    const late = plusMs(early, 60_000);
    await storeNotices(ledger.db.pool, [aRow(1, 40, { status: 0 }, { receivedMs: early })], 1);
    await ensurePartitions(ledger.db.pool, later(19));
    await storeNotices(ledger.db.pool, [aRow(2, 40, { status: 0 }, { receivedMs: late })], 1);
    await storeNotices(ledger.db.pool, [aRow(3, 40, { status: 0 }, { receivedMs: later(22) })], 1);
    const parts = await one<Record<string, number>>(
      `select jsonb_object_agg(name, n) as value
       from (select case tableoid::regclass::text when 'evidence_parts.notices_default' then 'default' else 'own' end as name,
                    count(*) as n from notices group by 1) as found`,
    );
    expect(parts).toEqual({ default: 2, own: 1 });
    await storeNotices(ledger.db.pool, [aRow(9, 11, { exitStatus: 0 }, { receivedMs: later(22) })], 1);
    await foldAll(ledger.context);
    await dropNoticesBefore(ledger.db, later(60), later(60));
    expect(await notices()).toBeNull();
  });
});
