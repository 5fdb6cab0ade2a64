import { closeDatabase, openDatabase, type Db } from '../../src/db/connection/database.js';
import { listPiecewise } from '../../src/db/sessions/piecewise-folds.js';
import { lockPendingSessions } from '../../src/db/sessions/session-lock.js';
import { countSetAside } from '../../src/db/sessions/set-aside.js';
import { storeNotices, type NoticeRow } from '../../src/db/evidence/store-notices.js';
import { withTransaction } from '../../src/db/connection/with-transaction.js';
import { unixMs } from '../../src/evidence/instant.js';
import { PIECE, foldNextPiece } from '../../src/ledger/fold-in-pieces.js';
import { foldPending, refoldSession } from '../../src/ledger/fold-sessions.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { sweep } from '../../src/ledger/sweep.js';
import { addStopAnswer } from '../../src/ledger/ledger-writes.js';
import { recordAnswer } from '../../src/ledger/record-answer.js';
import { register } from '../../src/ledger/register.js';
import { aRegistration, at, NOT_FOUND, SID } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await createTestLedger();
});
afterEach(async () => {
  await ledger.close();
});

const LARGE = PIECE.evidence * 2 + 500;

/** Event 45, a screenshot every five seconds; two modules take turns at one count. */
function snapshots(from: number, to: number, sid = SID): NoticeRow[] {
  return Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    const details = { fileName: `${sid}_lesson__uid_s_1__uid_e_video_${String(n)}.jpg` };
    return aRow(n * 5, 45, details, { sid, sequence: n, serviceType: 1 + (n % 2), noticeId: `${sid} ${String(n)}` });
  });
}

function small(count: number): NoticeRow[] {
  return Array.from({ length: count }, (_, n) => aRow(n, 40, { status: 0 }, { sid: `small-${String(n)}` }));
}

async function store(rows: readonly NoticeRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += 2_000)
    await storeNotices(ledger.db.pool, rows.slice(from, from + 2_000), 1);
}

async function states(): Promise<Record<string, { state: string; events: number }>> {
  const { rows } = await ledger.db.pool.query<{ sid: string; state: string; events: number }>(
    `select sid, state, (session #>> '{notices,events}')::int as events from sessions`,
  );
  return Object.fromEntries(rows.map(({ sid, ...rest }) => [sid, rest]));
}

async function told(): Promise<Record<string, unknown>> {
  const { rows } = await ledger.db.pool.query<{ session: Record<string, unknown> }>(
    `select session from sessions where sid = $1`,
    [SID],
  );
  return rows[0]?.session ?? {};
}

async function countFiles(): Promise<number> {
  const { rows } = await ledger.db.pool.query<{ n: number }>(
    `select count(*)::int as n from session_files where sid = $1`,
    [SID],
  );
  return rows[0]?.n ?? 0;
}

describe('a session with more evidence than fits into one transaction', () => {
  it('does not hold up the others, and is folded piece by piece', async () => {
    await store([...snapshots(0, LARGE), ...small(50)]);
    expect(await foldPending(ledger.context, 100)).toMatchObject({ more: true });
    expect(Object.keys(await states())).toHaveLength(50);
    await foldAll(ledger.context);
    expect((await states())[SID]).toEqual({ state: 'recording', events: LARGE });
    expect(await countFiles()).toBe(LARGE);
    expect(await refoldSession(ledger.context, SID)).toBeNull();
    expect(await listPiecewise(ledger.db.pool)).toEqual([]);
  });

  it('is folded onto its saved facts, and each notice counts once whenever it comes', async () => {
    await store(snapshots(0, 100));
    await foldAll(ledger.context);
    await store([...snapshots(100, LARGE), ...snapshots(50, 60)]);
    await foldPending(ledger.context, 100);
    await foldNextPiece(ledger.context);
    expect((await told())['notices']).toMatchObject({ events: 100 + PIECE.evidence });
    await store([...snapshots(LARGE, LARGE + 10), ...snapshots(0, 5)]);
    await foldAll(ledger.context);
    expect((await told())['notices']).toMatchObject({ events: LARGE + 10, deliveries: LARGE + 25 });
    expect(await refoldSession(ledger.context, SID)).toBeNull();
    expect((await told())['notices']).toMatchObject({ events: LARGE + 10, deliveries: LARGE + 25 });
  });

  it('counts evidence that comes between two pieces', async () => {
    await register(ledger.context, aRegistration());
    await store(snapshots(0, LARGE));
    await foldAll(ledger.context);
    await addStopAnswer(ledger.context, SID, JSON.stringify({ sid: SID, serverResponse: {} }));
    await ledger.db.pool.query(`insert into pending_evidence (sid, kind, received_at) values ($1, 'replay', now())`, [
      SID,
    ]);
    await foldPending(ledger.context, 100);
    await foldNextPiece(ledger.context);
    const answer = { sid: SID, outcome: NOT_FOUND, httpStatus: 404, body: '{"code":404}' };
    await recordAnswer(
      ledger.context,
      'account',
      { ...answer, askedMs: at(1), answeredMs: at(2), clockEra: 0 },
      aRegistration(),
    );
    await store(snapshots(LARGE, LARGE + 3));
    await register(ledger.context, aRegistration({ resourceId: 'corrected', replaces: true }));
    await foldAll(ledger.context);
    expect(await told()).toMatchObject({
      resourceId: 'corrected',
      notices: { events: LARGE + 3, deliveries: LARGE + 3 },
      observations: { count: 1 },
    });
    const before = await told();
    expect(await refoldSession(ledger.context, SID)).toBeNull();
    expect(await told()).toEqual(before);
  });

  it('is folded from scratch for a notice that comes late, with the same result as if it had come in time', async () => {
    const rows = snapshots(0, LARGE);
    await store(rows.filter((_, n) => n !== 700));
    await foldAll(ledger.context);
    await store(rows.filter((_, n) => n === 700));
    await foldAll(ledger.context);
    expect(await told()).toMatchObject({ notices: { events: LARGE, outOfOrder: 0 } });
    expect(await refoldSession(ledger.context, SID)).toBeNull();
  });

  it('is shared by several workers, and nothing counts twice', async () => {
    await store([...snapshots(0, LARGE), ...snapshots(0, LARGE, 'b'.repeat(32)), ...small(20)]);
    await Promise.all([1, 2, 3].map(() => foldAll(ledger.context)));
    await foldAll(ledger.context);
    const found = await states();
    expect([found[SID]?.events, found['b'.repeat(32)]?.events]).toEqual([LARGE, LARGE]);
  });

  it('of bodies that are too large together is folded in pieces too', async () => {
    const details = { note: 'x'.repeat(900_000) };
    await store(Array.from({ length: 12 }, (_, n) => aRow(n, 33, { ...details, progress: n }, { sequence: n })));
    await store(small(3));
    await foldPending(ledger.context, 100);
    expect(await listPiecewise(ledger.db.pool)).toEqual([SID]);
    expect(Object.keys(await states())).toHaveLength(3);
    await foldAll(ledger.context);
    expect((await states())[SID]).toMatchObject({ events: 12 });
  });
});

describe('26,000 notices over 33 hours, and then a stop answer', () => {
  const HOURS_33 = 33 * 720;

  it('are folded in transactions that are all short', async () => {
    const heartbeats = Array.from({ length: 1_980 }, (_, n) =>
      aRow(n * 60 + 1, 33, { progress: n }, { sequence: HOURS_33 + n, serviceType: 2 }),
    );
    const rows = [...snapshots(0, HOURS_33), ...heartbeats];
    await store(rows.sort((a, b) => a.receivedMs - b.receivedMs));
    const hasty = openHastily(ledger.url);
    const context = { ...ledger.context, db: hasty };
    await foldAll(context);
    const stop = JSON.stringify({ sid: SID, serverResponse: { uploadingStatus: 'uploaded' } });
    expect(await addStopAnswer(context, SID, stop)).toBe('stored');
    await foldAll(context);
    await closeDatabase(hasty);
    expect(await countSetAside(ledger.db.pool)).toBe(0);
    expect(await told()).toMatchObject({ notices: { events: rows.length }, state: 'ended' });
  });

  /** Postgres ends transactions here that rest, and statements that take, longer than a second and a half. */
  function openHastily(url: string): Db {
    const patience = { connectMs: 5_000, statementMs: 1_500, lockMs: 1_500 };
    return openDatabase({ url, maxConnections: 4, applicationName: 'hasty', onIdleError: () => undefined, patience });
  }
});

describe('what waits', () => {
  it('is folded oldest first', async () => {
    for (let n = 0; n < 30; n += 1) await store([aRow(n, 40, {}, { sid: `turn-${String(n)}` })]);
    await foldPending(ledger.context, 10);
    const first = Array.from({ length: 10 }, (_, n) => `turn-${String(n)}`);
    expect(Object.keys(await states()).sort()).toEqual(first.sort());
  });

  it('is shared by concurrent workers: what one holds, the next one does not wait for', async () => {
    const sids = Array.from({ length: 6 }, (_, n) => `shared-${String(n)}`);
    for (const sid of sids) await store(snapshots(0, 40, sid));
    const { pool } = ledger.db;
    const locked = await withTransaction({ pool }, async (one) => {
      const mine = await lockPendingSessions(one, 2);
      const others = await withTransaction({ pool }, (other) => lockPendingSessions(other, 2));
      return [...mine, ...others];
    });
    expect(locked).toEqual(sids.slice(0, 4));
  });
});

describe('a session that cannot be folded', () => {
  const refuse = (errcode: string, which: string): Promise<unknown> =>
    ledger.db.pool.query(
      `create function refuse() returns trigger language plpgsql as $$
       begin raise exception using errcode = '${errcode}', message = 'not now'; end $$;
       create trigger refused before insert or update on sessions for each row when (${which}) execute function refuse()`,
    );
  const relent = (): Promise<unknown> => ledger.db.pool.query('drop trigger refused on sessions');

  it.each(['25P03', '57014', '40P01', '55P03', '53200'])(
    'is set aside for trouble that passes elsewhere (%s), and is folded when it has passed here',
    async (errcode) => {
      await refuse(errcode, `new.sid = '${SID}'`);
      await store([...snapshots(0, 3), ...small(5)]);
      await foldAll(ledger.context);
      expect(Object.keys(await states())).toHaveLength(5);
      expect(await countSetAside(ledger.db.pool)).toBe(1);
      await relent();
      await sweep({ ...ledger.context, now: () => unixMs(Date.now() + 6_000) });
      expect((await states())[SID]).toMatchObject({ events: 3 });
    },
  );

  it('is not set aside for an error that affects all sessions', async () => {
    await refuse('53100', 'true');
    await store(small(5));
    await expect(foldAll(ledger.context)).rejects.toThrow('not now');
    expect(await countSetAside(ledger.db.pool)).toBe(0);
    await relent();
    await foldAll(ledger.context);
    expect(Object.keys(await states())).toHaveLength(5);
  });

  it('is set aside while it is folded in pieces, and then folded from scratch', async () => {
    await store(snapshots(0, LARGE));
    await foldPending(ledger.context, 10);
    await refuse('25P03', `new.sid = '${SID}'`);
    await expect(foldAll(ledger.context)).rejects.toThrow('not now');
    expect(await countSetAside(ledger.db.pool)).toBe(0);
    await store(small(1));
    await expect(foldAll(ledger.context)).rejects.toThrow('not now');
    await ledger.db.pool.query(`alter table sessions disable trigger refused`);
    await ledger.db.pool.query(`update sessions set folded_at = now() + interval '1 minute'`); // as if folded meanwhile
    await ledger.db.pool.query(`alter table sessions enable trigger refused`);
    await foldAll(ledger.context);
    expect(await countSetAside(ledger.db.pool)).toBe(1);
    expect(await listPiecewise(ledger.db.pool)).toEqual([]);
    await relent();
    await sweep({ ...ledger.context, now: () => unixMs(Date.now() + 6_000) });
    await foldAll(ledger.context);
    expect((await states())[SID]).toMatchObject({ events: LARGE });
  });
});
