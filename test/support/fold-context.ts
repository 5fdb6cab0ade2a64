import { openDatabase, closeDatabase, type Db } from '../../src/db/connection/database.js';
import { ensurePartitions } from '../../src/db/migrations/partitions.js';
import { unixMs } from '../../src/evidence/instant.js';
import type { FoldContext } from '../../src/ledger/fold-context.js';
import { at, RULES } from './builders.js';
import { createTestDatabase } from './database.js';

export type TestLedger = { context: FoldContext; db: Db; url: string; close: () => Promise<void> };

/** A ledger on a database of its own, with app `app` of account `account`, and no queue. */
export async function createTestLedger(): Promise<TestLedger> {
  const database = await createTestDatabase();
  const ledger = openTestLedger(database.url);
  await ensurePartitions(ledger.db.pool, at(0));
  const close = async (): Promise<void> => {
    await ledger.close();
    await database.drop();
  };
  return { ...ledger, close };
}

/** The same on a database that is there. */
export function openTestLedger(url: string): TestLedger {
  const db = openDatabase({ url, maxConnections: 10, applicationName: 'test ledger', onIdleError: () => undefined });
  return {
    db,
    url,
    context: {
      db,
      rules: { ...RULES, accountOf: (appId) => (appId === 'app' ? 'account' : null) },
      now: () => unixMs(Date.now()),
      shard: 1,
      stopping: new AbortController().signal,
      pressure: () => 'none',
      onSetAside: () => undefined,
      onSaved: () => undefined,
    },
    close: () => closeDatabase(db),
  };
}
