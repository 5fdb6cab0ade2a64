import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { storeSpooled } from '../../src/db/evidence/store-spooled.js';
import { unixMs } from '../../src/evidence/instant.js';
import { noticeRow, quarantineRow } from '../../src/db/evidence/incoming-rows.js';
import { parseNotification } from '../../src/agora/parse-notification.js';
import type { Incoming } from '../../src/db/evidence/incoming-rows.js';
import { openSpool, type Spool } from '../../src/intake/spool.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const NOW = unixMs(1_790_000_000_000);
let folder: string;
let database: TestDatabase;
let pool: pg.Pool;
let spool: Spool;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-spool-'));
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  spool = openSpool(folder, 1_000_000);
});

afterEach(async () => {
  await spool.close();
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

function notice(n: number, receivedMs = NOW + n): Incoming {
  const body = {
    noticeId: `n${String(n)}`,
    productId: 3,
    eventType: 40,
    notifyMs: NOW,
    sid: 's',
    payload: { sid: 's', uid: '1', sequence: n, sendts: NOW + n, serviceType: 0, details: {} },
  };
  const raw = Buffer.from(JSON.stringify(body));
  const parsed = parseNotification(raw, { appId: 'app', receivedMs: unixMs(receivedMs) });
  if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
  return { kind: 'notice', row: noticeRow(parsed, 'app', unixMs(receivedMs)) };
}

function unreadable(text: string): Incoming {
  return { kind: 'unreadable', row: quarantineRow(Buffer.from(text), 'not JSON', 'app', NOW) };
}

async function drain(limit = 100): Promise<number> {
  const rows = spool.read(limit).map(({ incoming, ...entry }) => ({ ...entry, ...incoming }));
  const stored = await storeSpooled({ pool }, spool.id, rows, 0);
  return stored;
}

async function counts(): Promise<{
  notices: number;
  repeats: number;
  unreadable: number;
  deliveries: number;
}> {
  const { rows } = await pool.query<{
    notices: number;
    repeats: number;
    unreadable: number;
    deliveries: number;
  }>(
    `select (select count(*)::int from notices) as notices,
            (select count(*)::int from repeated_deliveries) as repeats,
            (select count(*)::int from quarantined_bodies) as unreadable,
            (select coalesce(sum(value), 0)::int from counters where name = 'deliveries') as deliveries`,
  );
  return rows[0] ?? { notices: -1, repeats: -1, unreadable: -1, deliveries: -1 };
}

describe('a spool', () => {
  it('keeps its entries in order for the next process that opens the folder', async () => {
    expect(spool.append([notice(1), unreadable('{')], { isDoubtful: false })).toBe('kept');
    expect(spool.append([notice(2)], { isDoubtful: true })).toBe('kept');
    const { id } = spool;
    await spool.close();
    spool = openSpool(folder, 1_000_000);
    expect(spool.id).toBe(id);
    expect(spool.size().entries).toBe(3);
    const [first, second, third] = spool.read(10);
    expect(first).toEqual({ key: 1, isDoubtful: false, incoming: notice(1) });
    expect(second?.incoming).toEqual(unreadable('{'));
    expect(third).toMatchObject({ key: 3, isDoubtful: true });
  });

  it('never gives a number twice, also when it was empty in between', () => {
    spool.append([notice(1), notice(2)], { isDoubtful: false });
    spool.drop(2);
    expect(spool.size()).toEqual({ entries: 0, bytes: 0 });
    spool.append([notice(3)], { isDoubtful: false });
    expect(spool.read(10).map(({ key }) => key)).toEqual([3]);
  });

  it('says so when it is full, keeps nothing of that batch, and has room again once drained', () => {
    const batch = Array.from({ length: 400 }, (_, n) => notice(n));
    const told: string[] = [];
    for (let n = 0; n < 5; n += 1) told.push(spool.append(batch, { isDoubtful: false }));
    expect(told.at(-1)).toBe('full');
    const kept = told.filter((answer) => answer === 'kept').length;
    expect(spool.size().entries).toBe(kept * 400);
    spool.drop(kept * 400);
    expect(spool.append(batch, { isDoubtful: false })).toBe('kept');
  });
});

describe('draining', () => {
  it('stores everything with its true time, and once, though it is killed before it forgets', async () => {
    spool.append([notice(1), notice(2), unreadable('{')], { isDoubtful: false });
    expect(await drain()).toBe(3);
    expect(await drain()).toBe(0);
    expect(await counts()).toEqual({ notices: 2, repeats: 0, unreadable: 1, deliveries: 2 });
    const { rows } = await pool.query<{ at: Date }>(`select received_at as at from notices order by 1`);
    expect(rows.map(({ at }) => at.getTime())).toEqual([NOW + 1, NOW + 2]);
  });

  it('counts a delivery that came twice as a repetition, in one batch or in two', async () => {
    spool.append([notice(1), notice(1, NOW + 50), notice(2)], { isDoubtful: false });
    spool.append([notice(1, NOW + 90)], { isDoubtful: false });
    await drain(3);
    spool.drop(3);
    await drain();
    expect(await counts()).toEqual({ notices: 2, repeats: 2, unreadable: 0, deliveries: 4 });
  });

  it('takes a doubtful one only if its statement was not done after all', async () => {
    spool.append([notice(1), notice(2)], { isDoubtful: false });
    await drain();
    spool.drop(2);
    spool.append([notice(1), notice(3)], { isDoubtful: true });
    expect(await drain()).toBe(1);
    expect(await counts()).toMatchObject({ notices: 3, repeats: 0 });
  });

  it('by two at once stores everything once', async () => {
    spool.append(
      Array.from({ length: 200 }, (_, n) => notice(n)),
      { isDoubtful: false },
    );
    await Promise.all([drain(), drain(), drain(150)]);
    await drain(200);
    expect(await counts()).toMatchObject({ notices: 200, repeats: 0, deliveries: 200 });
  });
});
