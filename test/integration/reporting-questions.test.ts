import pg from 'pg';
import { countQuery } from '../../src/db/schedule/query-usage.js';
import { noteLimits } from '../../src/db/reporting/query-limits.js';
import { refreshRollups } from '../../src/db/reporting/refresh-rollups.js';
import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { unixMs } from '../../src/evidence/instant.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { sweep } from '../../src/ledger/sweep.js';
import { register } from '../../src/ledger/register.js';
import { START } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow, type RawTold } from '../support/raw-notifications.js';
import { reportingQuestions } from '../support/reporting-questions.js';

const DAY_MS = 86_400_000;
/** Ten in the morning of the day before yesterday and of today, UTC: one is counted and kept, the other when asked for. */
const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const OLD = midnight - 2 * DAY_MS + 10 * 3_600_000;
const NEW = midnight + 1_000;
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

let ledger: TestLedger;
let reader: pg.Client;

/** A notification `seconds` after `beginMs`, received 200 ms later unless told otherwise. */
function told(beginMs: number, seconds: number, eventType: number, details: object, more: RawTold) {
  const delayMs = more.receivedMs ?? 200;
  const receivedMs = unixMs(beginMs + seconds * 1_000 + delayMs);
  return aRow((beginMs - START) / 1_000 + seconds, eventType, { ...details }, { ...more, receivedMs });
}

async function tell(rows: readonly ReturnType<typeof aRow>[]): Promise<void> {
  await storeNotices(ledger.db.pool, rows, 1);
  await foldAll(ledger.context);
  // A missing number counts as missing once it can no longer be merely late.
  await sweep(ledger.context);
}

/** Half an hour of it, with a lost number, a copy, and a late one; then it is uploaded, or not. */
async function lived(sid: string, beginMs: number, isUploaded: boolean): Promise<void> {
  await register(ledger.context, {
    kind: 'registration',
    sid,
    appId: 'app',
    resourceId: 'resource',
    mode: 'mix',
    cname: 'lesson-42',
    uid: '1',
    startedMs: null,
    resourceExpiredHour: null,
    receivedMs: unixMs(beginMs),
    replaces: false,
  });
  const common = { sid, cname: 'lesson-42', serviceType: 0 };
  const start = told(beginMs, 0, 40, { status: 0 }, { ...common, sequence: 0 });
  const late = told(beginMs, 600, 3, { status: 4 }, { ...common, sequence: 1, receivedMs: unixMs(12_000) });
  const exit = told(beginMs, 1_800, 11, { exitStatus: 0 }, { ...common, sequence: 4 });
  const uploaded = told(beginMs, 1_799, 31, { fileList: 'a.m3u8', status: 0 }, { ...common, sequence: 3 });
  await tell([start, start, late, ...(isUploaded ? [uploaded] : []), exit]);
}

beforeAll(async () => {
  ledger = await createTestLedger();
  const context = { ...ledger.context, now: () => unixMs(Date.now()) };
  ledger = { ...ledger, context };
  await lived('uploaded', OLD, true);
  await lived('without', OLD + 60_000, false);
  await lived('today', NEW, true);
  await noteLimits(ledger.db.pool, [{ name: 'account', limit: 10 }]);
  const answered = { kind: 'throttled', retryAfterMs: null } as const;
  await countQuery(ledger.db.pool, 'account', { askedMs: unixMs(OLD), outcome: answered });
  await refreshRollups(ledger.db);
  reader = new pg.Client({ connectionString: ledger.url });
  await reader.connect();
  await reader.query('set role recording_reader');
});
afterAll(async () => {
  await reader.end();
  await ledger.close();
});

async function ask(number: number): Promise<Record<string, unknown>[]> {
  const sql = reportingQuestions().get(number) ?? '';
  expect(sql).not.toBe('');
  const types = { getTypeParser: () => (text: string) => text };
  const { rows } = await reader.query<Record<string, unknown>>({ text: sql, types });
  return rows;
}

describe('the questions of docs/reporting.md, asked as the role that may read nothing but the views', () => {
  it('are ten', () => {
    expect([...reportingQuestions().keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('1: minutes recorded a day, of the day that is kept and of today', async () => {
    expect(await ask(1)).toEqual([
      { day: dayOf(NEW), app_id: 'app', mode: 'mix', minutes_recorded: '30.000' },
      { day: dayOf(OLD), app_id: 'app', mode: 'mix', minutes_recorded: '60.000' },
    ]);
  });

  it('2 and 3: shares of outcomes, and lost exit notices', async () => {
    const [, old] = await ask(2);
    expect(old).toEqual({
      day: dayOf(OLD),
      sessions: '2',
      failed_percent: '0.00',
      vanished_percent: '0.00',
      never_started_percent: '0.00',
    });
    expect(await ask(3)).toContainEqual({ day: dayOf(OLD), exit_notices_lost: '0', sessions_over: '2' });
  });

  it('4: what came twice, late or not at all', async () => {
    const rows = await ask(4);
    expect(rows).toContainEqual({
      day: dayOf(OLD),
      events: '7',
      lost: '3',
      duplicates: '2',
      late: '2',
      delay_p50_ms: '200',
      delay_p95_ms: '12000',
    });
    expect(rows.map(({ day }) => day)).toEqual([dayOf(NEW), dayOf(OLD)]);
  });

  it('5: how long it took to know the ends, which were folded now', async () => {
    const old = (await ask(5)).find(({ day }) => day === dayOf(OLD));
    expect(old).toMatchObject({ ends: '2' });
    const sinceMs = Date.now() - (OLD + 1_800_000);
    expect(Number(old?.['p50_ms'])).toBeGreaterThan(sinceMs - 600_000);
    expect(Number(old?.['p99_ms'])).toBeLessThanOrEqual(sinceMs);
  });

  it('6: what ended without a file', async () => {
    expect((await ask(6)).map(({ sid }) => sid)).toEqual(['without']);
  });

  it('7: gaps, which nobody has settled', async () => {
    const rows = await ask(7);
    const of = (day: string, gaps: string) => ({
      day,
      app_id: 'app',
      gaps,
      open: gaps,
      settled_by_notice: '0',
      settled_by_query: '0',
    });
    expect(rows).toEqual([of(dayOf(NEW), '1'), of(dayOf(OLD), '2')]);
  });

  it('8: failovers a week', async () => {
    const weeks = await ask(8);
    expect(weeks.reduce((sum, { sessions }) => sum + Number(sessions), 0)).toBe(3);
    expect(weeks.every(({ failovers }) => failovers === '0')).toBe(true);
  });

  it('9: the budget that was used, as a share of what its limit allows', async () => {
    expect(await ask(9)).toMatchObject([
      { account: 'account', outcome: 'throttled', queries: '1', limit_per_hour: '36000', percent: '0.00' },
    ]);
  });

  it('10: everything of one channel, newest first', async () => {
    const rows = await ask(10);
    expect(new Set(rows.map(({ sid }) => sid))).toEqual(new Set(['uploaded', 'without', 'today']));
    const times = rows.map(({ at }) => Date.parse(String(at)));
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(rows.filter(({ source }) => source === 'notice')).toHaveLength(11);
  });
});

describe('daily roll-ups', () => {
  it('are right again after something of a day came late, and were not touched by counting twice', async () => {
    const of = async (sql: string) => (await ledger.db.pool.query<object>(sql)).rows;
    const kept = `select day, all_apps, app_id, events, deliveries, late, lost from delivery_rollups order by 1, 2, 3`;
    const before = await of(kept);
    expect(await refreshRollups(ledger.db)).toBe(0);
    await ledger.db.pool.query(
      `insert into rollup_marks (kind, day) select distinct 'deliveries', day from delivery_rollups`,
    );
    expect(await refreshRollups(ledger.db)).toBeGreaterThan(0);
    expect(await of(kept)).toEqual(before);
    await tell([
      told(
        OLD,
        900,
        3,
        { status: 5 },
        { sid: 'uploaded', cname: 'lesson-42', serviceType: 0, sequence: 2, receivedMs: unixMs(2_000_000) },
      ),
    ]);
    expect(await refreshRollups(ledger.db)).toBeGreaterThan(0);
    expect(await ask(4)).toContainEqual(expect.objectContaining({ day: dayOf(OLD), events: '8', lost: '2' }));
    expect(await ask(7)).toContainEqual(
      expect.objectContaining({ day: dayOf(OLD), settled_by_notice: '1', open: '1' }),
    );
  });

  it('are counted once by two processes at once', async () => {
    await ledger.db.pool.query(`insert into rollup_marks (kind, day) values ('deliveries', $1)`, [dayOf(OLD)]);
    const both = await Promise.allSettled([refreshRollups(ledger.db), refreshRollups(ledger.db)]);
    const counted = both.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0);
    expect(counted).toBe(1);
    expect((await ledger.db.pool.query('select from rollup_marks')).rowCount).toBe(0);
  });

  it('count a day once it is over, although nothing marked it', async () => {
    await ledger.db.pool.query(`update rollup_progress set through = through - 4`);
    await ledger.db.pool.query(`delete from session_rollups`);
    expect(await ask(3)).toContainEqual(expect.objectContaining({ day: dayOf(OLD), sessions_over: '2' }));
    await refreshRollups(ledger.db);
    const { rows } = await ledger.db.pool.query('select over from session_rollups');
    expect(rows).toEqual([{ over: '2' }]);
  });
});

describe('the views', () => {
  it('are documented, every one and every column', async () => {
    const { rows } = await reader.query(
      `select c.relname, a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
       where n.nspname = 'reporting' and c.relkind = 'v'
         and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)`,
    );
    expect(rows).toEqual([]);
  });

  it('read no partition but those of the days that are asked for', async () => {
    const plan = await reader.query<{ 'QUERY PLAN': string }>(
      `explain select count(*) from reporting.timeline where received_at >= '2026-03-02Z' and received_at < '2026-03-03Z'`,
    );
    const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
    expect([...new Set(text.match(/notices_\d{8}/g))]).toEqual(['notices_20260302']);
  });
});
