import { paceScopes, type Account } from '../asking/account.js';
import type { PaceScope } from '../db/schedule/pace-scopes.js';
import { openGrantedSlots, type GrantedSlots, type GrantedSlotsOptions } from './granted-slots.js';
import type { CallSlot } from './call-slots.js';

export type AccountSlots = {
  /** A slot of the account, and one of the app where that has a limit of its own. */
  take: (account: string, appId: string, patienceMs: number) => Promise<CallSlot | 'late'>;
  close: () => Promise<void>;
};

/** Resolves once every scope was asked for its first slots. */
export async function openAccountSlots(
  accounts: readonly Account[],
  options: Omit<GrantedSlotsOptions, 'scope'>,
): Promise<AccountSlots> {
  const scopes = new Map<string, PaceScope>(
    accounts.flatMap((account) =>
      account.appIds.flatMap((appId) => paceScopes(account, appId).map((scope) => [scope.name, scope] as const)),
    ),
  );
  const granted = new Map([...scopes].map(([name, scope]) => [name, openGrantedSlots({ ...options, scope })]));
  await Promise.all([...granted.values()].map(({ ready }) => ready));
  const byName = new Map(accounts.map((account) => [account.name, account]));
  return {
    take: async (name, appId, patienceMs) => {
      const account = byName.get(name);
      if (account === undefined) return 'late';
      const needed = paceScopes(account, appId).flatMap((scope) => granted.get(scope.name) ?? []);
      return takeAll(needed, performance.now() + patienceMs);
    },
    close: async () => {
      await Promise.all([...granted.values()].map((slots) => slots.close()));
    },
  };
}

/** All of them or none. */
async function takeAll(needed: readonly GrantedSlots[], giveUpAt: number): Promise<CallSlot | 'late'> {
  const taken: CallSlot[] = [];
  for (const slots of needed) {
    const slot = await slots.take(Math.max(0, giveUpAt - performance.now()));
    if (slot === 'late') {
      for (const one of taken) one.release(0);
      return 'late';
    }
    taken.push(slot);
  }
  return {
    leaveBy: Math.min(...taken.map(({ leaveBy }) => leaveBy)),
    release: (heldForMs) => {
      for (const one of taken) one.release(heldForMs);
    },
  };
}
