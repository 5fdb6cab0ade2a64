import { readPauses } from '../db/schedule/query-pace.js';
import { leaseSlot } from '../db/schedule/slot-leases.js';
import type { BudgetLease, LeasedTime, LeaseRequest } from '../reconcile/budget-lease.js';
import { OLDEST_FIRST_SHARE } from '../reconcile/choose-queries.js';
import { paceScopes } from './account.js';
import type { AskContext } from './ask-context.js';
import { HELD_AFTER_ANSWER_MS } from './slot-times.js';

/**
 * So far ahead slots may lie. Where few queries a second are allowed, or after a 429, this is less than
 * all the slots that leases may hold: what is urgent never waits for longer behind them.
 */
const HORIZON_MS = 5_000;
/** Of the slots that leases may hold, what one of several callers may hold. */
const CALLER_SHARE = 0.5;

export type LeaseContext = Pick<AskContext, 'db' | 'rules' | 'accounts'>;

/**
 * Takes slots out of the same rows that queries take theirs from, so that all together stay under
 * Agora's limit. Where fewer are left than are asked for, fewer are given; what is kept for queries is
 * the share that the promise of `/v1/summary` rests on. A slot that is not used costs its time.
 */
export async function leaseBudget(
  { db, rules, accounts }: LeaseContext,
  { appId, count, forMs, caller }: LeaseRequest,
): Promise<BudgetLease> {
  const account = accounts.get(rules.accountOf(appId) ?? '');
  if (account === undefined) return { kind: 'unknown_app' };
  const pause = (await readPauses(db)).get(account.name);
  if (pause !== undefined) return { kind: 'paused', waitMs: pause.forMs, reason: pause.reason };
  const terms = {
    heldMs: forMs + HELD_AFTER_ANSWER_MS,
    keptShare: OLDEST_FIRST_SHARE,
    horizonMs: HORIZON_MS,
    holder: caller === null ? null : { name: caller, share: CALLER_SHARE },
  };
  const slots: LeasedTime[] = [];
  while (slots.length < count) {
    const lease = await leaseSlot(db, paceScopes(account, appId), terms);
    if (lease.kind !== 'leased' && slots.length === 0) return lease;
    if (lease.kind !== 'leased') break;
    slots.push({ atMs: lease.atMs, waitMs: Math.ceil(lease.waitMs) });
  }
  return { kind: 'leased', account: account.name, slots, forMs };
}
