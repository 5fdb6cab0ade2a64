import { listWaiting } from '../../src/db/evidence/quarantine.js';
import { readSummary } from '../../src/db/sessions/read-summary.js';
import { at } from '../support/builders.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';

let ledger: TestLedger;

beforeEach(async () => {
  ledger = await createTestLedger();
});

afterEach(() => ledger.close());

describe('the summary', () => {
  it('adds up what each process has counted, beyond what 32 bits hold', async () => {
    await ledger.db.pool.query(
      `insert into counters (name, shard, value) values
         ('deliveries', 1, 3000000000), ('deliveries', 2, 3000000001), ('events', 1, 6000000000), ('rejected', 7, 4), ('rejected wrong_signature', 7, 3)`,
    );
    expect((await readSummary(ledger.db, at(0))).notices).toEqual({
      deliveries: 6_000_000_001,
      events: 6_000_000_000,
      duplicates: 1,
      outOfOrder: 0,
      quarantined: 0,
      rejected: 4,
      rejectedByReason: expect.objectContaining({ unknown_app: 0, wrong_signature: 3 }),
    });
  });

  it('counts the queries of the last minute by what came back, over all accounts', async () => {
    await ledger.db.pool.query(
      `insert into query_usage (account, minute, outcome, asked) values
         ('one', $1, 'answered', 7), ('two', $1, 'answered', 5), ('one', $1, 'throttled', 2), ('one', $2, 'answered', 100)`,
      [new Date(at(0) - 59_000), new Date(at(0) - 60_000)],
    );
    expect((await readSummary(ledger.db, at(0))).queries).toEqual({
      lastMinute: 14,
      throttled: 2,
      outcomes: { answered: 12, throttled: 2 },
    });
  });

  it('tells how many there are to ask about in each account', async () => {
    await ledger.db.pool.query(
      `insert into query_schedule (sid, account, priority, reason, due_at) values
         ('a', 'one', 1, 'routine', now()), ('b', 'one', 1, 'routine', now()), ('c', 'two', 1, 'routine', now())`,
    );
    const { live } = await readSummary(ledger.db, at(0));
    expect(new Map(live.askedByAccount)).toEqual(
      new Map([
        ['one', 2],
        ['two', 1],
      ]),
    );
  });
});

test('quarantined bodies are read byte by byte, in order, without those that were replayed', async () => {
  await ledger.db.pool.query(
    `insert into quarantined_bodies (app_id, digest, raw, reason, received_at, replayed_at) values
       ('app', gen_random_uuid(), '\\x00ff7b', 'no JSON', $1, null), ('app', gen_random_uuid(), '\\x01', 'no JSON', $1, $1),
       ('app', gen_random_uuid(), '\\x02', 'no JSON', $1, null), ('app', gen_random_uuid(), '\\x03', 'no JSON', $1, null)`,
    [new Date(at(0))],
  );
  const first = await listWaiting(ledger.db.pool, '0', 2);
  const body = { appId: 'app', reason: 'no JSON', receivedMs: at(0), replayedMs: null };
  expect(first).toEqual({
    bodies: [
      { ...body, id: '1', raw: Buffer.from([0, 255, 123]) },
      { ...body, id: '3', raw: Buffer.from([2]) },
    ],
    next: '3',
  });
  const { bodies, next } = await listWaiting(ledger.db.pool, '3', 2);
  expect([bodies.map(({ id }) => id), next]).toEqual([['4'], null]);
});
