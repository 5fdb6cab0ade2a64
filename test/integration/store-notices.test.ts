import fc from 'fast-check';
import { storeNotices, type NoticeRow } from '../../src/db/evidence/store-notices.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await createTestLedger();
});
afterEach(async () => {
  await ledger.close();
});

/** A notification with this noticeId and this content: `e` is its sequence number. */
function aNotification(n: number, e: number): NoticeRow {
  return aRow(1, 33, { progress: 1 }, { noticeId: `n${String(n)}`, sequence: e });
}

const store = (...rows: NoticeRow[]) => storeNotices(ledger.db.pool, rows, 1);

async function kept(): Promise<readonly number[]> {
  const { rows } = await ledger.db.pool.query<{ sequence: string }>('select sequence from notices order by 1');
  return rows.map(({ sequence }) => Number(sequence));
}

async function counts(): Promise<unknown> {
  await foldAll(ledger.context);
  const { rows } = await ledger.db.pool.query<{ notices: unknown }>(
    `select jsonb_build_object('events', session #> '{notices,events}', 'deliveries', session #> '{notices,deliveries}') as notices from sessions`,
  );
  return rows[0]?.notices;
}

describe('a noticeId that came with two contents', () => {
  it('in one batch does not take the second along, where that came under an id of its own', async () => {
    await store(aNotification(1, 1), aNotification(1, 2), aNotification(2, 2));
    expect(await kept()).toEqual([1, 2]);
    expect(await counts()).toEqual({ events: 2, deliveries: 3 });
  });

  it('does so in any order of arrival, in batches that are stored at once', async () => {
    await Promise.all([store(aNotification(1, 1)), store(aNotification(1, 2)), store(aNotification(2, 2))]);
    expect(await kept()).toContain(2);
    await Promise.all([
      store(aNotification(3, 3)),
      store(aNotification(3, 4), aNotification(4, 4)),
      store(aNotification(4, 4)),
    ]);
    expect(await kept()).toContain(4);
  });

  it('that the ledger knows already does not take along what came under another in the same batch', async () => {
    await store(aNotification(1, 0));
    await store(aNotification(1, 1), aNotification(3, 1));
    expect(await kept()).toEqual([0, 1]);
    expect(await counts()).toEqual({ events: 2, deliveries: 3 });
  });

  it('never costs an event that came under an id that no other event has', async () => {
    const told = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 8 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(told, fc.nat(8), async (pairs, cut) => {
        run += 10;
        const batch = pairs.map(([n, e]) => aNotification(run + n, run + e));
        await store(...batch.slice(0, cut));
        await store(...batch.slice(cut));
        const { ids, events } = await keptSince(run);
        for (const [n, e] of pairs) expect(events.has(e) || ids.has(n)).toBe(true);
        expect(ids.size).toBe(events.size);
      }),
      { numRuns: 200 },
    );
  });
});

async function keptSince(run: number): Promise<{ ids: Set<number>; events: Set<number> }> {
  const { rows } = await ledger.db.pool.query<{ id: string; sequence: string }>(
    'select substr(notice_id, 2) as id, sequence from notices where sequence >= $1',
    [run],
  );
  return {
    ids: new Set(rows.map(({ id }) => Number(id) - run)),
    events: new Set(rows.map(({ sequence }) => Number(sequence) - run)),
  };
}
