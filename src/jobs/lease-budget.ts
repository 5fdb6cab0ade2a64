import { readPauses, reserveSlotInAll } from '../db/query-pace.js';
import type { Db } from '../db/database.js';
import { plusMs, type UnixMs } from '../evidence/instant.js';
import { paceScopes, type Account } from './account.js';

/** Slots of an app's budget for somebody else's call: each one allows one call, from its moment on. */
export type BudgetLease =
  | { kind: 'leased'; account: string; slots: readonly { atMs: UnixMs; waitMs: number }[] }
  /** Nothing may be called for this long. */
  | { kind: 'paused'; waitMs: number; reason: string }
  | { kind: 'unknown_app' };

export type LeaseContext = {
  db: Db;
  accountOf: (appId: string) => Account | undefined;
  now: () => UnixMs;
};

/**
 * Takes slots out of the same pace that queries are asked at, so that all who ask for theirs stay
 * under Agora's limit together. A slot that is not used is gone; it costs nothing but its time.
 */
export async function leaseBudget(
  { db, accountOf, now }: LeaseContext,
  appId: string,
  count: number,
): Promise<BudgetLease> {
  const account = accountOf(appId);
  if (account === undefined) return { kind: 'unknown_app' };
  const pause = (await readPauses(db)).get(account.name);
  if (pause !== undefined) return { kind: 'paused', waitMs: pause.forMs, reason: pause.reason };
  const slots: { atMs: UnixMs; waitMs: number }[] = [];
  while (slots.length < count) {
    const slot = await reserveSlotInAll(db, paceScopes(account, appId));
    if (slot.kind === 'paused') return slot;
    const waitMs = Math.ceil(slot.waitMs);
    slots.push({ atMs: plusMs(now(), waitMs), waitMs });
  }
  return { kind: 'leased', account: account.name, slots };
}
