import { closeDatabase, openDatabase, type Db } from '../../src/db/connection/database.js';
import type { PaceScopes } from '../../src/db/schedule/pace-scopes.js';
import { pauseAccount, slowDown, speedUp } from '../../src/db/schedule/query-pace.js';
import { countHeldSlots, releaseSlot, takeSlot, type SlotAttempt } from '../../src/db/schedule/query-slots.js';
import { leaseSlot } from '../../src/db/schedule/slot-leases.js';
import { slotSpacingMs } from '../../src/reconcile/pacing.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { waitFor } from '../support/wait-for.js';

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await createTestLedger();
});
afterEach(async () => {
  await ledger.close();
});

/** Nothing that stands here is ever early, unless the distance is what is tested. */
const scope = (slots: number, spacingMs = 0, name = 'a'): PaceScopes => [{ name, spacingMs, slots }];
const LONG_MS = 60_000;

async function takeAll(scopes: PaceScopes, times: number, leaseMs = LONG_MS): Promise<SlotAttempt[]> {
  const takings: SlotAttempt[] = [];
  while (takings.length < times) takings.push(await takeSlot(ledger.db, scopes, leaseMs));
  return takings;
}

const taken = (takings: readonly SlotAttempt[]): string[] =>
  takings.flatMap((taking) => (taking.kind === 'taken' ? [taking.holder] : []));
const kinds = (takings: readonly { kind: string }[]): string[] => takings.map(({ kind }) => kind);

async function held(name = 'a'): Promise<number> {
  const counts = await countHeldSlots(ledger.db.pool);
  return counts.find(({ scope: of }) => of === name)?.held ?? 0;
}

describe('slots', () => {
  it('are as many as the limit, each held by one', async () => {
    const takings = await takeAll(scope(3), 4);
    expect(kinds(takings)).toEqual(['taken', 'taken', 'taken', 'wait']);
    expect(new Set(taken(takings)).size).toBe(3);
  });

  it('are free again a second after the answer, and not before', async () => {
    const [holder = ''] = taken(await takeAll(scope(1), 1));
    await releaseSlot(ledger.db, scope(1), holder, 1_000);
    const releasedAt = performance.now();
    await waitFor(async () => taken(await takeAll(scope(1), 1)).length > 0, { deadlineMs: 3_000 });
    expect(performance.now() - releasedAt).toBeGreaterThan(990);
  });

  it('of queries that never left are free at once', async () => {
    const [holder = ''] = taken(await takeAll(scope(1), 1));
    await releaseSlot(ledger.db, scope(1), holder, 0);
    expect(kinds(await takeAll(scope(1), 1))).toEqual(['taken']);
  });

  it('of a killed process are held for its lease, and no longer', async () => {
    await takeAll(scope(1), 1, 400);
    const from = performance.now();
    await waitFor(async () => taken(await takeAll(scope(1), 1, 400)).length > 0, { deadlineMs: 3_000 });
    expect(performance.now() - from).toBeGreaterThan(350);
  });

  it('are not given back by one whose lease is over, when another holds them', async () => {
    const [first = ''] = taken(await takeAll(scope(1), 1, 1));
    await waitFor(async () => taken(await takeAll(scope(1), 1)).length > 0, { deadlineMs: 1_000 });
    await releaseSlot(ledger.db, scope(1), first, 0);
    expect(await held()).toBe(1);
  });

  it('say how long to wait: until the next is free, and never long, for an answer frees one', async () => {
    const [holder = ''] = taken(await takeAll(scope(1), 1));
    expect(await takeSlot(ledger.db, scope(1), LONG_MS)).toEqual({ kind: 'wait', waitMs: 100 });
    await releaseSlot(ledger.db, scope(1), holder, 60);
    const taking = await takeSlot(ledger.db, scope(1), LONG_MS);
    expect(taking.kind === 'wait' && taking.waitMs).toBeLessThanOrEqual(60);
  });

  it('are never more than the limit, however many take and release them at once', async () => {
    const slots = 7;
    const others = [0, 1].map(() =>
      openDatabase({ url: ledger.url, maxConnections: 8, applicationName: 'taker', onIdleError: () => undefined }),
    );
    const [out, worst] = [new Set<string>(), { held: 0 }];
    const [least, most] = [performance.now() + 2_000, performance.now() + 20_000];
    const goesOn = (): boolean => performance.now() < (worst.held < slots ? most : least);
    const work = async (db: Db, n: number): Promise<void> => {
      while (goesOn()) {
        const taking = await takeSlot(db, scope(slots), LONG_MS);
        if (taking.kind !== 'taken') continue;
        out.add(taking.holder);
        worst.held = Math.max(worst.held, out.size);
        await new Promise((resolve) => setTimeout(resolve, (n * 7) % 40));
        out.delete(taking.holder);
        await releaseSlot(db, scope(slots), taking.holder, 0);
      }
    };
    await Promise.all(others.flatMap((db) => Array.from({ length: 12 }, (_, n) => work(db, n))));
    await Promise.all(others.map(closeDatabase));
    expect(worst.held).toBe(slots);
  });

  it('are taken at their distance, and a little lateness is made up for', async () => {
    const spaced = scope(10, 80);
    const from = performance.now();
    const times: number[] = [];
    while (times.length < 6) {
      const taking = await takeSlot(ledger.db, spaced, LONG_MS);
      if (taking.kind === 'taken') times.push(performance.now() - from);
    }
    const distances = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    expect(Math.min(...distances)).toBeGreaterThan(30);
    expect(times.at(-1)).toBeGreaterThan(5 * 80 - 50);
  });

  it('of an app that has a limit of its own are held in both, or in none', async () => {
    const both: PaceScopes = [
      { name: 'a', spacingMs: 0, slots: 5 },
      { name: 'a/app', spacingMs: 0, slots: 2 },
    ];
    expect(kinds(await takeAll(both, 3))).toEqual(['taken', 'taken', 'wait']);
    expect([await held(), await held('a/app')]).toEqual([2, 2]);
  });

  it('of one account do not wait for those of another', async () => {
    await takeAll(scope(1, 10_000), 2);
    expect(kinds(await takeAll(scope(1, 10_000, 'idle'), 1))).toEqual(['taken']);
  });

  it('are not given while the account is paused, and the longest pause counts', async () => {
    await pauseAccount(ledger.db, 'a', 60_000, 'unauthorized');
    await pauseAccount(ledger.db, 'a', 1_000, 'throttled');
    const slot = await takeSlot(ledger.db, scope(1), LONG_MS);
    expect(slot.kind === 'paused' && slot.waitMs).toBeGreaterThan(50_000);
    expect(await held()).toBe(0);
  });

  it('come half as often after a 429, and regain the pace with answers', async () => {
    await takeAll(scope(9, slotSpacingMs(9)), 1);
    await slowDown(ledger.db, 'a');
    const factor = async (): Promise<number | undefined> =>
      (await ledger.db.pool.query<{ rate_factor: number }>('select rate_factor from query_pace')).rows[0]?.rate_factor;
    expect(await factor()).toBe(0.5);
    for (let n = 0; n < 20; n += 1) await speedUp(ledger.db, 'a');
    expect(await factor()).toBe(1);
  });
});

describe('leases', () => {
  const terms = { heldMs: 3_000, keptShare: 0.3, horizonMs: LONG_MS, holder: null };

  it('leave the ledger its share of the slots, and say when the next one ends', async () => {
    const leases = [];
    while (leases.length < 8) leases.push(await leaseSlot(ledger.db, scope(10), terms));
    expect(kinds(leases)).toEqual([...Array<string>(7).fill('leased'), 'full']);
    expect(leases[7]?.waitMs).toBeGreaterThan(2_500);
    expect(kinds(await takeAll(scope(10), 4))).toEqual(['taken', 'taken', 'taken', 'wait']);
  });

  it('are held for their own time from their moment on, each at its distance', async () => {
    const leases = [];
    while (leases.length < 3) leases.push(await leaseSlot(ledger.db, scope(10, 200), terms));
    const [first = 0, second = 0, third = 0] = leases.map(({ waitMs }) => waitMs);
    expect(first).toBeLessThanOrEqual(1);
    expect(third - second).toBeGreaterThan(150);
    expect(third).toBeLessThanOrEqual(400);
  });

  it('of a limit of one are not given: it would leave nothing to ask with', async () => {
    expect((await leaseSlot(ledger.db, scope(1), terms)).kind).toBe('full');
  });
});
