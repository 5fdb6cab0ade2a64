import { createTestDatabase, createEmptyDatabase, type TestDatabase } from '../support/database.js';
import path from 'node:path';
import { jest } from '@jest/globals';
import type pg from 'pg';
import { connect } from '../../src/db/migrations/connect.js';
import { migrate } from '../../src/db/migrations/migrate.js';
import { copyLedger, countLedgerRows } from '../../src/db/moving/copy-ledger.js';
import { inDatabase } from '../support/acknowledged.js';
import { fillTables, readTables } from '../support/filled-tables.js';
import { createTestFolder } from '../support/folder.js';
import { endProcesses, startNode } from '../support/processes.js';
import { SAMPLES } from '../support/samples.js';
import { APP, NCS_SECRET, signed } from '../support/service.js';
import { serve, stop, type Serving } from '../support/serving.js';

jest.setTimeout(240_000);

afterEach(endProcesses);

describe('a ledger that is copied', () => {
  let [from, to]: TestDatabase[] = [];
  let [source, target]: pg.Client[] = [];

  beforeEach(async () => {
    [from, to] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    [source, target] = await Promise.all([connect(from.url), connect(to.url)]);
    await fillTables(source);
  });
  afterEach(async () => {
    await Promise.all([source?.end(), target?.end()]);
    await Promise.all([from?.drop(), to?.drop()]);
  });

  it('has every row of every table, each number after the last, and the same feed', async () => {
    if (source === undefined || target === undefined) throw new Error('there are no databases');
    await source.query(`select create_notice_partitions('2026-11-20', 1)`);
    const shown: number[] = [];
    const expected = await countLedgerRows(source);
    const { rows } = await copyLedger(source, target, (lines) => void shown.push(lines));
    expect(rows).toBe(expected);
    expect(shown.reduce((sum, lines) => sum + lines, 0)).toBe(expected);
    const [before, after] = [await readTables(source), await readTables(target)];
    expect(after.map(contentOf)).toEqual(before.map(contentOf));
    const next = `insert into pending_evidence (sid, kind, received_at) values ('s', 'replay', now()) returning id`;
    const ids = [await source.query(next), await target.query(next)].map(({ rows: [row] }) => row as unknown);
    expect(ids[1]).toEqual(ids[0]);
  });

  it('is there as a whole or not at all', async () => {
    if (source === undefined || target === undefined) throw new Error('there are no databases');
    const told = await target.query(`select id from ledger_identity`);
    await target.query(`alter table sessions add constraint refuses check (sid is null) not valid`);
    await expect(copyLedger(source, target, () => undefined)).rejects.toThrow('refuses');
    await target.query('rollback');
    expect((await target.query(`select id from ledger_identity`)).rows).toEqual(told.rows);
    expect((await target.query(`select from notices`)).rowCount).toBe(0);
  });
});

/** The place of a feed differs: it says where the feed was made. */
function contentOf({ table, rows }: { table: string; rows: readonly unknown[] }): unknown {
  const withoutPlace = rows.map((row) => ({ ...(row as object), made_in: null }));
  return { table, rows: withoutPlace.map((row) => JSON.stringify(row)).sort() };
}

const BODY = Buffer.from(JSON.stringify(SAMPLES.notifications[0]?.body));

function settings(folder: string, more: Record<string, string>): Record<string, string> {
  return {
    DATA_DIR: folder,
    SPOOL_DIR: path.join(folder, 'spool'),
    RECEIVER_HOST: '127.0.0.1',
    RECEIVER_PORT: '0',
    API_PORT: '0',
    AGORA_APP_ID: APP,
    AGORA_CUSTOMER_ID: 'customer',
    AGORA_CUSTOMER_SECRET: 'secret',
    AGORA_NCS_SECRET: NCS_SECRET,
    AGORA_BASE_URLS: 'http://127.0.0.1:9',
    ...more,
  };
}

type Ran = { code: number | null; output: string };

async function run(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const command = startNode(args, { env });
  const { code } = await command.ended;
  return { code, output: command.output() };
}

async function send({ receiver }: Serving): Promise<number> {
  return (await fetch(`${receiver}/ncs/${APP}`, { method: 'POST', body: BODY, headers: signed(BODY) })).status;
}

async function changes({ api }: Serving, after: string): Promise<{ status: number; changes: unknown[]; next: string }> {
  const response = await fetch(`${api}/v1/changes?after=${after}&wait=10`);
  return { status: response.status, ...((await response.json()) as { changes: unknown[]; next: string }) };
}

describe('recording-ledger move', () => {
  it('moves the embedded ledger to a server: sessions, cursors and what is known twice go on there', async () => {
    const [folder, database] = await Promise.all([createTestFolder('move-'), createEmptyDatabase()]);
    const here = await serve(settings(folder, {}));
    expect(await send(here)).toBe(200);
    const before = await changes(here, '0');
    const running = await run(['dist/cli/main.js', 'move', '--to', database.url], settings(folder, {}));
    expect(running.code).toBe(1);
    expect(running.output).toContain('is in use by process');
    await stop(here);

    const moved = await run(['dist/cli/main.js', 'move', '--to', database.url], settings(folder, {}));
    expect(moved).toEqual({ code: 0, output: expect.stringMatching(/^[\d,]+ rows of \d+ tables are in postgres:/) });
    expect(moved.output).not.toContain(new URL(database.url).password || 'no password');

    const there = await serve(settings(folder, { DATABASE_URL: database.url }));
    const after = await changes(there, '0');
    expect({ ...after, changes: after.changes.slice(0, before.changes.length), next: before.next }).toEqual(before);
    expect((await changes(there, before.next)).status).toBe(200); // a cursor of another feed is 410
    expect(await send(there)).toBe(200);
    const known = await inDatabase(database.url, (client) => client.query(`select from notices`));
    expect(known.rowCount).toBe(1);
    await stop(there);

    const again = await run(['dist/cli/main.js', 'move', '--to', database.url], settings(folder, {}));
    expect(again).toEqual({ code: 1, output: expect.stringContaining('it holds a ledger of 1 sessions') });
    const old = await run(['dist/main.js'], settings(folder, {}));
    expect(old.code).toBe(1);
    expect(old.output).toContain('was moved to postgres:');
    await database.drop();
  });

  it('leaves a ledger alone that is on a server already', async () => {
    const database = await createEmptyDatabase();
    const env = settings(await createTestFolder('move-'), { DATABASE_URL: database.url });
    const refused = await run(['dist/cli/main.js', 'move', '--to', database.url], env);
    expect(refused).toEqual({ code: 1, output: expect.stringContaining('use pg_dump and pg_restore') });
    await migrate(database.url);
    await database.drop();
  });
});
