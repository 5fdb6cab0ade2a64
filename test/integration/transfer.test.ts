import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { jest } from '@jest/globals';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import pg from 'pg';
import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { createTestFolder } from '../support/folder.js';
import { startNode, startProgram } from '../support/processes.js';
import { aRow } from '../support/raw-notifications.js';

jest.setTimeout(240_000);

let from: TestLedger;
let to: TestLedger;
let folder: string;

beforeAll(async () => {
  [from, to, folder] = await Promise.all([createTestLedger(), createTestLedger(), createTestFolder('transfer-')]);
});
afterAll(() => Promise.all([from.close(), to.close()]));

type Ran = { code: number | null; lines: string[] };

async function run(ledger: TestLedger, ...args: string[]): Promise<Ran> {
  const env = {
    DATABASE_URL: ledger.url,
    AGORA_APP_ID: 'app',
    AGORA_CUSTOMER_ID: 'c',
    AGORA_CUSTOMER_SECRET: 's',
    AGORA_NCS_SECRET: 'n',
  };
  const command = startNode(['dist/cli/main.js', ...args], { env });
  const { code } = await command.ended;
  return { code, lines: command.output().trimEnd().split('\n') };
}

async function rows(ledger: TestLedger, sql: string): Promise<object[]> {
  return (await ledger.db.pool.query<object>(sql)).rows;
}

const inFolder = (name: string): string => path.join(folder, name);
const PERIOD = ['--from', '2026-03-02', '--to', '2026-03-03'];

describe('notices that were exported and replayed into another ledger', () => {
  beforeAll(async () => {
    const start = aRow(1, 40, { status: 0, word: 'a "word" ü' }, { sequence: 0, serviceType: 1 });
    const exit = aRow(60, 11, { exitStatus: 0 }, { sequence: 1, serviceType: 0 });
    const again = { ...start, receivedMs: aRow(9, 40).receivedMs };
    await storeNotices(from.db.pool, [start, exit, again], 1);
    await foldAll(from.context);
  });

  it('are there with their bodies, times and repetitions, once, however often they are replayed', async () => {
    const file = inFolder('notices.ndjson');
    const { code, lines } = await run(from, 'export', ...PERIOD, '--what', 'notices', '--out', file);
    expect({ code, lines }).toEqual({ code: 0, lines: ['2 rows of notices written.'] });
    const first = await run(to, 'replay', file);
    expect(first.lines.at(-1)).toBe('2 notifications taken in, 0 were known, 0 are in quarantine, 0 lines refused.');
    const notices = 'select * from notices order by event_key';
    expect(await rows(to, notices)).toEqual(await rows(from, notices));
    const repeats = 'select sid, event_key, notice_id, received_at from repeated_deliveries';
    const session = 'select sid, state, outcome, session, facts from sessions';
    expect(await rows(to, repeats)).toEqual(await rows(from, repeats));
    const withoutKnowing = async (ledger: TestLedger) =>
      (await rows(ledger, session)).map((row) => JSON.stringify(row).replaceAll(/"endKnownMs":\d+/g, ''));
    expect(await withoutKnowing(to)).toEqual(await withoutKnowing(from));
    const second = await run(to, 'replay', file);
    expect(second.lines.at(-1)).toBe('0 notifications taken in, 2 were known, 0 are in quarantine, 0 lines refused.');
    expect(await rows(to, repeats)).toHaveLength(1);
  });

  it('can be written as csv and parquet too, with times as times', async () => {
    const csv = await run(
      from,
      'export',
      ...PERIOD,
      '--what',
      'timeline',
      '--format',
      'csv',
      '--out',
      inFolder('t.csv'),
    );
    expect(csv.code).toBe(0);
    const [header, ...lines] = (await readFile(inFolder('t.csv'), 'utf8')).trimEnd().split('\n');
    expect(header).toBe('sid,at,source,kind,eventType,sequence,serviceType,uid,details,receivedAt,deliveries');
    expect(lines).toHaveLength(2);
    await run(from, 'export', ...PERIOD, '--format', 'parquet', '--out', inFolder('s.parquet'));
    const sessions = await parquetReadObjects({ file: await asyncBufferFromFile(inFolder('s.parquet')) });
    expect(sessions).toMatchObject([{ state: 'ended', deliveries: 3n, endedAt: new Date('2026-03-02T10:01:00.000Z') }]);
  });
});

describe('import', () => {
  const file = (): string => inFolder('sessions.csv');

  it('registers what it can, names each refused line, and changes nothing when run again', async () => {
    await writeFile(
      file(),
      [
        'cname,uid,sid,appId,resourceId,mode,startedAt,resourceExpiredHour,note',
        'lesson,1,one,app,r1,mix,2026-11-20T10:00:00Z,24,kept out',
        '"a, b",2,two,app,r2,web,,,',
        'lesson,3,three,app,r3,tape,,,',
        'lesson,4,four,app,,mix,yesterday,,',
      ].join('\n'),
    );
    const first = await run(to, 'import', file());
    expect(first.code).toBe(1);
    expect(first.lines.at(-1)).toBe('2 registered, 0 completed, 0 were registered so already, 2 refused.');
    expect(first.lines[0]).toMatch(/^Line 4: mode: /);
    expect(first.lines[1]).toMatch(/^Line 5: resourceId: .*; startedAt: /);
    const registered = 'select sid, cname, uid, started_at, resource_expired_hour from registrations order by sid';
    expect(await rows(to, registered)).toEqual([
      {
        sid: 'one',
        cname: 'lesson',
        uid: '1',
        started_at: new Date('2026-11-20T10:00:00Z'),
        resource_expired_hour: 24,
      },
      { sid: 'two', cname: 'a, b', uid: '2', started_at: null, resource_expired_hour: null },
    ]);
    expect(await rows(to, `select from sessions where sid in ('one', 'two')`)).toHaveLength(2);
    const second = await run(to, 'import', file());
    expect(second.lines.at(-1)).toBe('0 registered, 0 completed, 2 were registered so already, 2 refused.');
  });

  it('reads exported sessions', async () => {
    await run(to, 'export', '--from', '2020-01-01', '--to', '2030-01-01', '--out', inFolder('sessions.ndjson'));
    const again = await run(to, 'import', inFolder('sessions.ndjson'));
    expect(again).toMatchObject({ code: 0 });
    expect(again.lines[0]).toBe('0 registered, 0 completed, 2 were registered so already, 0 refused.');
    const moved = await run(from, 'import', inFolder('sessions.ndjson'));
    expect(moved.lines[0]).toBe('2 registered, 0 completed, 0 were registered so already, 0 refused.');
  });

  it('says so where the first line does not name the columns', async () => {
    await writeFile(inFolder('bare.csv'), 'one,app,r1,mix,lesson,1\n');
    const { code, lines } = await run(to, 'import', inFolder('bare.csv'));
    expect(code).toBe(1);
    expect(lines[0]).toMatch(/^The first line has to name the columns/);
  });
});

describe('sql', () => {
  it('answers as a table, as csv and as json', async () => {
    const sql = `select sid, state, version from reporting.sessions where state = 'ended'`;
    const table = await run(from, 'sql', sql);
    expect(table.lines).toEqual([
      expect.stringMatching(/^ sid +\| state \| version$/),
      expect.stringMatching(/^-+\+-+\+-+$/),
      expect.stringMatching(/^ c0ffee00\w+ \| ended \| +\d+$/),
      '(1 row)',
    ]);
    const json = await run(from, 'sql', '--format', 'json', sql);
    expect(JSON.parse(json.lines.join('\n'))).toMatchObject([{ state: 'ended', version: expect.any(Number) }]);
  });

  it('reads statements over several lines, shows what is wrong with one, and goes on', async () => {
    const script = ['select sid,', '  stat from sessions;', 'select 1 as one;', '\\d gaps_daily', ''].join('\n');
    await writeFile(inFolder('script.sql'), script);
    const command = 'exec "$0" dist/cli/main.js sql --format csv < "$1"';
    const shell = startProgram('sh', ['-c', command, process.execPath, inFolder('script.sql')], {
      env: { DATABASE_URL: from.url },
    });
    const { code } = await shell.ended;
    expect(code).toBe(1);
    expect(shell.output()).toMatch(/ERROR: column "stat" does not exist\n {4}stat from sessions;\n {4}\^/);
    expect(shell.output()).toMatch(/one\n1\n/);
    expect(shell.output()).toMatch(/settled_by_query .*covers what they would have told/);
  });

  it('can write nothing and read no table, and prints an address that cannot either', async () => {
    expect(await run(from, 'sql', 'select * from public.sessions')).toMatchObject({
      code: 1,
      lines: ['ERROR: permission denied for table sessions'],
    });
    const { lines } = await run(from, 'sql', '--print-url');
    const client = new pg.Client({ connectionString: lines[0] ?? '' });
    await client.connect();
    await client.query('reset role');
    await expect(client.query('select from public.sessions')).rejects.toThrow('permission denied');
    await expect(client.query('create table a (b int)')).rejects.toThrow(/read-only|permission denied/);
    expect((await client.query('select sid from sessions')).rowCount).toBeGreaterThan(0);
    await client.end();
  });
});
