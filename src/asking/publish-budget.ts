import type { Db } from '../db/connection/database.js';
import { countHeldSlots } from '../db/schedule/query-slots.js';
import type { Metrics } from '../observability/metrics.js';
import type { Account } from './account.js';
import { readRefused } from './refusals.js';

/** Held slots and refused apps, for Prometheus. An account without any query so far has no series. */
export async function publishBudget(metrics: Metrics, db: Db, accounts: readonly Account[]): Promise<void> {
  for (const { scope, held, leased } of await countHeldSlots(db.pool)) {
    metrics.slotsHeld.set({ account: scope, by: 'query' }, held - leased);
    metrics.slotsHeld.set({ account: scope, by: 'lease' }, leased);
  }
  const refused = await readRefused(db, accounts);
  for (const { name } of accounts) {
    const apps = refused.filter(({ account, appId }) => account === name && appId !== null);
    metrics.refusedApps.set({ account: name }, apps.length);
  }
}
