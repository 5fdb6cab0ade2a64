import pg from 'pg';
import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { SID } from '../support/builders.js';
import { aRow } from '../support/raw-notifications.js';

let ledger: TestLedger;
let reader: pg.Client;

beforeEach(async () => {
  ledger = await createTestLedger();
  reader = new pg.Client({ connectionString: ledger.url });
  await reader.connect();
});
afterEach(async () => {
  await reader.end();
  await ledger.close();
});

/** Has everything read in parallel that may be, as large tables are. */
async function readInParallel(): Promise<void> {
  const { rows } = await reader.query<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  );
  const force = (rows[0]?.version ?? 0) < 16 ? 'force_parallel_mode' : 'debug_parallel_query';
  await reader.query(`set ${force} = on; set parallel_setup_cost = 0; set parallel_tuple_cost = 0`);
  await reader.query('set min_parallel_table_scan_size = 0; set min_parallel_index_scan_size = 0');
}

async function views(): Promise<string[]> {
  const { rows } = await reader.query<{ name: string }>(
    `select viewname as name from pg_views where schemaname = 'reporting' order by 1`,
  );
  return rows.map(({ name }) => name);
}

describe('reporting, on every version of Postgres that the service runs on', () => {
  it('tells the same whether Postgres reads in parallel or not', async () => {
    const notices = Array.from({ length: 200 }, (_, n) => aRow(n, 33, { progress: n, msgName: 'uploading_progress' }));
    const broken = { ...aRow(300, 33), raw: '{"payload":{"details":' };
    await storeNotices(ledger.db.pool, [...notices, broken], 1);
    await reader.query('analyze');
    const read = async (name: string): Promise<unknown[]> => {
      const { rows } = await reader.query<{ line: string }>(
        `select row_to_json(told)::text as line from reporting.${name} as told order by 1`,
      );
      return rows;
    };
    const names = await views();
    const before = [];
    for (const name of names) before.push(await read(name));
    await readInParallel();
    const after = [];
    for (const name of names) after.push(await read(name));
    expect(after).toEqual(before);
    const timeline = before[names.indexOf('timeline')] ?? [];
    expect(timeline).toHaveLength(201);
    expect(names).toEqual(
      expect.arrayContaining(['delivery_quality_daily', 'gaps', 'sessions', 'timeline', 'versions']),
    );
  });

  it('has no details where a body holds none that Postgres can read', async () => {
    await storeNotices(ledger.db.pool, [{ ...aRow(0, 33), raw: '{"payload":{"details":' }], 1);
    const { rows } = await reader.query(
      `select timeline.details, timeline.kind from reporting.timeline where timeline.sid = $1`,
      [SID],
    );
    expect(rows).toEqual([{ details: null, kind: 'event_33' }]);
  });
});
