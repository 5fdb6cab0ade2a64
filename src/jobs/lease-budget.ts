import { readPauses, reserveSlotInAll } from '../db/query-pace.js';
import { plusMs } from '../evidence/instant.js';
import type { BudgetLease, LeasedSlot } from '../reconcile/budget-lease.js';
import { paceScopes } from './account.js';
import type { AskContext } from './ask-session.js';

export type LeaseContext = Pick<AskContext, 'db' | 'rules' | 'accounts' | 'now'>;

/**
 * Takes slots out of the same pace that queries are asked at, so that all who ask for theirs stay
 * under Agora's limit together. A slot that is not used is gone; it costs nothing but its time.
 */
export async function leaseBudget(
  { db, rules, accounts, now }: LeaseContext,
  appId: string,
  count: number,
): Promise<BudgetLease> {
  const account = accounts.get(rules.accountOf(appId) ?? '');
  if (account === undefined) return { kind: 'unknown_app' };
  const pause = (await readPauses(db)).get(account.name);
  if (pause !== undefined) return { kind: 'paused', waitMs: pause.forMs, reason: pause.reason };
  const slots: LeasedSlot[] = [];
  while (slots.length < count) {
    const slot = await reserveSlotInAll(db, paceScopes(account, appId));
    if (slot.kind === 'paused') return slot;
    const waitMs = Math.ceil(slot.waitMs);
    slots.push({ atMs: plusMs(now(), waitMs), waitMs });
  }
  return { kind: 'leased', account: account.name, slots };
}
