import { readPauses } from '../db/schedule/query-pace.js';
import { leaseSlot } from '../db/schedule/slot-leases.js';
import type { BudgetLease, LeasedTime, LeaseRequest } from '../reconcile/budget-lease.js';
import { OLDEST_FIRST_SHARE } from '../reconcile/choose-queries.js';
import { paceScopes } from './account.js';
import type { AskContext } from './ask-context.js';
import { HELD_AFTER_ANSWER_MS } from './slot-times.js';

/**
 * How far ahead slots may be leased. Where few queries a second are allowed, or after a 429, this is less
 * than all the slots that leases may hold. So an urgent query never waits for longer than this behind leases.
 */
const HORIZON_MS = 5_000;
/** The share of the slots for leases that one of several callers may hold. */
const CALLER_SHARE = 0.5;

export type LeaseContext = Pick<AskContext, 'db' | 'rules' | 'accounts'>;

/**
 * Takes slots from the same rows as queries, so that all calls together stay under Agora's limit. If fewer
 * are left than asked for, fewer are given. The slots that are reserved for queries are the share on which
 * the bound of `/v1/summary` rests. An unused slot stays held for its time.
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
