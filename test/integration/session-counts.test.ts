import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { afterCommit, withTransaction } from '../../src/db/connection/with-transaction.js';
import { holdLease, leaveLease } from '../../src/db/connection/process-leases.js';
import { readSummary, type LedgerNumbers } from '../../src/db/sessions/read-summary.js';
import { recountSessions } from '../../src/db/sessions/session-counts.js';
import { unixMs } from '../../src/evidence/instant.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { refoldSession } from '../../src/ledger/fold-sessions.js';
import { at } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';
import { waitFor } from '../support/wait-for.js';

let ledger: TestLedger;

beforeEach(async () => {
  ledger = await createTestLedger();
});

afterEach(() => ledger.close());

const numbers = (): Promise<LedgerNumbers> => readSummary(ledger.db, at(0));

/** As reading every row counts them. */
async function countRows(): Promise<Pick<LedgerNumbers, 'sessions' | 'gaps'>> {
  const { rows } = await ledger.db.pool.query<{ state: string; n: number }>(
    `select state, count(*)::int as n from sessions group by state`,
  );
  const { rows: gaps } = await ledger.db.pool.query<LedgerNumbers['gaps']>(
    `select coalesce(sum((session #>> '{gaps,open}')::int), 0)::int as open,
            coalesce(sum((session #>> '{gaps,settledByNotice}')::int), 0)::int as "settledByNotice",
            coalesce(sum((session #>> '{gaps,settledByQuery}')::int), 0)::int as "settledByQuery" from sessions`,
  );
  const none = { registered: 0, starting: 0, recording: 0, stopping: 0, ended: 0, failed: 0 };
  const sessions = { ...none, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) };
  return { sessions, gaps: gaps[0] ?? { open: 0, settledByNotice: 0, settledByQuery: 0 } };
}

async function expectCounted(): Promise<void> {
  const { sessions, gaps } = await numbers();
  expect({ sessions, gaps }).toEqual(await countRows());
}

/** Twelve sessions, of which every second one ends, and every third misses a number that comes late. */
async function liveThrough(): Promise<void> {
  const sids = Array.from({ length: 12 }, (_, n) => `s${String(n)}`);
  const store = async (rows: readonly ReturnType<typeof aRow>[]): Promise<void> => {
    await storeNotices(ledger.db.pool, rows, 1);
    await foldAll(ledger.context);
    await expectCounted();
  };
  await store(sids.map((sid) => aRow(1, 1, {}, { sid, sequence: 0, serviceType: 0 })));
  await store(sids.map((sid, n) => aRow(9, 3, {}, { sid, sequence: n % 3 === 0 ? 2 : 1, serviceType: 0 })));
  const ending = sids.filter((_, n) => n % 2 === 0);
  await store(
    ending.map((sid) => aRow(60, 11, { exitStatus: sid === 's2' ? 1 : 0 }, { sid, sequence: 3, serviceType: 0 })),
  );
  await store([aRow(5, 2, {}, { sid: 's0', sequence: 1, serviceType: 0 })]);
}

describe('the counts of a summary', () => {
  it('are what counting every session would give, at every step', async () => {
    await liveThrough();
    const { sessions, gaps } = await numbers();
    expect(sessions.ended + sessions.failed).toBe(6);
    expect(sessions.failed).toBe(1);
    expect(gaps.open).toBeGreaterThan(0);
    const [before] = [await numbers()];
    await recountSessions(ledger.db.pool, 5);
    expect((await numbers()).sessions).toEqual(before.sessions);
  });

  it('are the same after a session was folded anew, and a transaction that failed adds nothing', async () => {
    await liveThrough();
    const { sessions, gaps } = await numbers();
    await refoldSession(ledger.context, 's0');
    expect(await numbers()).toMatchObject({ sessions, gaps });
    await ledger.db.pool.query(`create function refuse() returns trigger language plpgsql as $$
      begin raise exception using errcode = '22023', message = 'refused'; end $$;
      create trigger refused before insert on changes for each row execute function refuse()`);
    await storeNotices(ledger.db.pool, [aRow(1, 1, {}, { sid: 'new', sequence: 0 })], 1);
    await foldAll(ledger.context);
    await expectCounted();
  });

  it('are right again after rows were dropped, and after an older release saved some, once they are recounted', async () => {
    await liveThrough();
    await ledger.db.pool.query(`delete from sessions where sid in ('s1', 's2')`);
    await ledger.db.pool.query(`update sessions set state = 'stopping' where sid = 's3'`);
    await recountSessions(ledger.db.pool, 1);
    await expectCounted();
    await refoldSession(ledger.context, 's1');
    await expectCounted();
  });

  it('stay right when several recount while others fold', async () => {
    const recounting = (async () => {
      for (let n = 0; n < 40; n += 1) await recountSessions(ledger.db.pool, n % 3);
    })();
    await Promise.all([recounting, liveThrough().catch(() => undefined)]);
    await foldAll(ledger.context);
    await expectCounted();
  });
});

test('what is to happen after a commit happens then, and never after a rollback', async () => {
  const told: string[] = [];
  await withTransaction(ledger.db, async (tx) => {
    afterCommit(tx, () => void told.push('committed'));
    await tx.query('select 1');
    expect(told).toEqual([]);
  });
  await withTransaction(ledger.db, (tx) => {
    afterCommit(tx, () => void told.push('rolled back'));
    return Promise.reject(new Error('no'));
  }).catch(() => undefined);
  await withTransaction(ledger.db, (tx) => tx.query('select 1'));
  expect(told).toEqual(['committed']);
});

describe('a lease of processes', () => {
  const [one, other] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
  const hold = (holder: string, forMs = 60_000): Promise<boolean> =>
    holdLease(ledger.db.pool, 'something', holder, forMs);

  it('is held by one, who may hold it on, until it gives it up', async () => {
    expect(await hold(one)).toBe(true);
    expect(await hold(other)).toBe(false);
    expect(await hold(one)).toBe(true);
    await leaveLease(ledger.db.pool, 'something', other);
    expect(await hold(other)).toBe(false);
    await leaveLease(ledger.db.pool, 'something', one);
    expect(await hold(other)).toBe(true);
  });

  it('runs out by itself, and does not outlast a clock that was set back', async () => {
    expect(await hold(one, 50)).toBe(true);
    await waitFor(() => hold(other, 50), { deadlineMs: 2_000 });
    await ledger.db.pool.query(`update process_leases set held_until = now() + interval '1 day'`);
    expect(await hold(one)).toBe(true);
  });

  it('is got by one of many who ask at once', async () => {
    const holders = Array.from({ length: 8 }, (_, n) => `00000000-0000-4000-8000-00000000000${String(n)}`);
    const got = await Promise.all(holders.map((holder) => hold(holder)));
    expect(got.filter(Boolean)).toHaveLength(1);
  });
});

test('what is saved is told once it is committed, with what was said before and when it was learned', async () => {
  const saved: unknown[] = [];
  const context = { ...ledger.context, onSaved: (all: readonly unknown[]) => void saved.push(...all) };
  await storeNotices(ledger.db.pool, [aRow(1, 1, {}, { sid: 'told', receivedMs: unixMs(at(2)) })], 1);
  await foldAll(context);
  expect(saved).toEqual([expect.objectContaining({ said: null, isNew: true, learnedMs: at(2) })]);
  await refoldSession(context, 'told');
  expect(saved[1]).toMatchObject({ isNew: false, learnedMs: null, said: { sid: 'told' } });
});
