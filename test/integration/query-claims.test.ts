import {
  claimQueries,
  releaseClaim,
  saveSchedule,
  startClaim,
  type ScheduledQuery,
} from '../../src/db/schedule/query-schedule.js';
import { readFront } from '../../src/db/schedule/query-front.js';
import { withTransaction } from '../../src/db/connection/with-transaction.js';
import { unixMs } from '../../src/evidence/instant.js';
import { chooseQueries } from '../../src/reconcile/choose-queries.js';
import { QUERY_CLASSES, type QueryClass } from '../../src/reconcile/query-class.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await createTestLedger();
});
afterEach(async () => {
  await ledger.close();
});

describe('claims', () => {
  const now = unixMs(Date.now());

  async function schedule(
    sid: string,
    queryClass: QueryClass,
    dueInMs: number,
    more: Partial<ScheduledQuery> = {},
  ): Promise<void> {
    const query = {
      sid,
      account: 'a',
      appId: null,
      dueMs: unixMs(now + dueInMs),
      queryClass,
      reason: 'test',
      lastVerifiedMs: null,
      liveSinceMs: null,
      beatDueMs: null,
      suspectedMs: null,
      turnMs: null,
      proofMs: null,
      waitingSinceMs: null,
      ...more,
    };
    await withTransaction(ledger.db, (tx) => saveSchedule(tx, { queries: [query], done: [], answered: false }));
  }

  const claim = async (largest: number, atMs = now, firstFromMs = 600_000) => {
    const { room, heads } = await readFront(ledger.db, 'a', {
      nowMs: atMs,
      largest,
      classes: QUERY_CLASSES.length,
      waitingBeforeMs: unixMs(atMs - 120_000),
      likely: { silentBeforeMs: unixMs(atMs - 60_000), lastMissWithinMs: 60_000 },
      refusedApps: ['refused'],
    });
    const chosen = chooseQueries(heads, { room, firstFromMs, chance: 0, nowMs: atMs });
    return claimQueries(ledger.db, chosen, atMs, 10_000);
  };

  it('take the most urgent class first, and of a class what is due longest', async () => {
    await schedule('routine', 'routine', -60_000);
    await schedule('trigger', 'trigger', -1_000);
    await schedule('older', 'confirm_end', -2_000);
    await schedule('newer', 'confirm_end', -1_000);
    await schedule('later', 'confirm_end', 5_000);
    expect((await claim(3)).map(({ sid }) => sid).sort()).toEqual(['newer', 'older', 'trigger']);
  });

  it('take sessions with a missing heartbeat before routine ones, and those that were not asked about for longest', async () => {
    await schedule('routine', 'routine', -60_000);
    await schedule('silent', 'routine', 50_000, { suspectedMs: unixMs(now - 1_000) });
    await schedule('oldest', 'routine', 50_000, { waitingSinceMs: unixMs(now - 500_000) });
    await schedule('young', 'routine', 50_000, { waitingSinceMs: unixMs(now - 5_000) });
    expect((await claim(2, now, 400_000)).map(({ sid }) => sid)).toEqual(['oldest', 'silent']);
    expect((await claim(9, now, 400_000)).map(({ sid }) => sid)).toEqual(['routine']);
  });

  it('leave out the sessions of an app that Agora refuses', async () => {
    await schedule('foreign', 'confirm_end', -60_000, { appId: 'refused', waitingSinceMs: unixMs(now - 500_000) });
    await schedule('own', 'routine', -1_000, { appId: 'own' });
    expect((await claim(9)).map(({ sid }) => sid)).toEqual(['own']);
  });

  it('take the longest of the silences that make an end likely first', async () => {
    await schedule('once', 'routine', 50_000, { suspectedMs: unixMs(now - 1_000) });
    await schedule('long', 'routine', 50_000, { suspectedMs: unixMs(now - 300_000) });
    await schedule('short', 'routine', 50_000, { suspectedMs: unixMs(now - 61_000) });
    expect((await claim(3)).map(({ sid }) => sid)).toEqual(['long', 'short', 'once']);
  });

  it('are made once where two planners choose the same', async () => {
    for (let n = 0; n < 6; n += 1) await schedule(`s${String(n)}`, 'routine', -1_000);
    const claims = await Promise.all(Array.from({ length: 4 }, () => claim(6)));
    const sids = claims.flat().map(({ sid }) => sid);
    expect(new Set(sids).size).toBe(sids.length);
  });

  it('leave no more in the queue than there is room for', async () => {
    for (let n = 0; n < 5; n += 1) await schedule(`s${String(n)}`, 'routine', -1_000);
    expect(await claim(3)).toHaveLength(3);
    expect(await claim(3)).toHaveLength(0);
  });

  it('that are not answered by the end of their lease are due again', async () => {
    await schedule('lost', 'routine', -1_000);
    expect(await claim(3)).toHaveLength(1);
    expect(await claim(3, unixMs(now + 9_000))).toHaveLength(0);
    expect(await claim(3, unixMs(now + 11_000))).toHaveLength(1);
  });

  it('that go back unasked are as urgent as they were', async () => {
    await schedule('run', 'recheck', 60_000, { proofMs: unixMs(now - 500) });
    const [claimed] = await claim(3);
    expect(claimed?.sid).toBe('run');
    expect(await claim(3, unixMs(now + 1))).toHaveLength(0);
    await releaseClaim(ledger.db, 'run', unixMs(now + 60_000));
    expect(await claim(3, unixMs(now + 2))).toMatchObject([{ sid: 'run' }]);
  });

  it('are started by one job only, however often it runs', async () => {
    await schedule('once', 'routine', -1_000);
    const [claimed] = await claim(3);
    const claimedMs = claimed?.claimedMs ?? now;
    const taken = await Promise.all(
      Array.from({ length: 5 }, () => startClaim(ledger.db, 'once', claimedMs, unixMs(now + 1), 10_000)),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  it('are not lost to a notification that plans the next query meanwhile', async () => {
    await schedule('s', 'routine', -1_000);
    await claim(3);
    await schedule('s', 'trigger', -500);
    expect(await claim(3)).toHaveLength(0);
    expect(await claim(3, unixMs(now + 11_000))).toHaveLength(1);
  });
});
