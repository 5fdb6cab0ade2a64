import { closeDatabase, openDatabase, type Db } from '../../src/db/connection/database.js';
import { withTransaction } from '../../src/db/connection/with-transaction.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let db: Db;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase({
    url: database.url,
    maxConnections: 2,
    applicationName: 'database test',
    onIdleError: () => undefined,
  });
});

afterAll(async () => {
  await closeDatabase(db);
  await database.drop();
});

async function terminate(pid: number): Promise<void> {
  await db.pool.query(`select pg_terminate_backend($1, 5000)`, [pid]);
}

describe('a connection that breaks', () => {
  it('between two statements of a transaction fails that transaction, and nothing else', async () => {
    const broken = withTransaction(db, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>(`select pg_backend_pid() as pid`);
      await terminate(rows[0]?.pid ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await tx.query(`select 1`);
    });
    await expect(broken).rejects.toThrow();
    const { rows } = await db.pool.query<{ one: number }>(`select 1 as one`);
    expect(rows).toEqual([{ one: 1 }]);
  });

  it('during a statement fails it, and the next one has another connection', async () => {
    const broken = withTransaction(db, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>(`select pg_backend_pid() as pid`);
      const slow = tx.query(`select pg_sleep(20)`);
      await Promise.all([slow, terminate(rows[0]?.pid ?? 0)]);
    });
    await expect(broken).rejects.toThrow();
    await expect(withTransaction(db, (tx) => tx.query(`select 1`))).resolves.toBeDefined();
  });
});

test('a process has as many connections as its pool, however it speaks to Postgres', async () => {
  await Promise.all(
    Array.from({ length: 10 }, () => [
      db.pool.query('select pg_sleep(0.02)'),
      db.prisma.ledgerSession.findFirst({ select: { sid: true } }),
    ]).flat(),
  );
  const { rows } = await db.pool.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where application_name = 'database test'`,
  );
  expect(rows[0]?.n).toBeLessThanOrEqual(2);
});
