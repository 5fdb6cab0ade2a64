import { setTimeout as wait } from 'node:timers/promises';
import type { Permit } from '../agora/host-rotation.js';
import { releaseSlot, takeSlot } from '../db/schedule/query-slots.js';
import { paceScopes, type Account } from './account.js';
import type { AskContext } from './ask-context.js';
import { slotLeaseMs } from './slot-times.js';

export type SlotContext = Pick<AskContext, 'db' | 'client' | 'queryTimeoutMs' | 'stopping'> & {
  troubles: Pick<AskContext['troubles'], 'slotNotReleased'>;
};

/** A slot that is held, and the host it is for. Whoever has it sends its query at once. */
export type HeldSlot = {
  kind: 'held';
  permit: Permit;
  /** The query leaves before this, of performance.now(), or not at all. */
  leaveBy: number;
  /** Gives it back, so much later. */
  release: (heldForMs: number) => Promise<void>;
};

export type Waited =
  | HeldSlot
  /** The account is not asked for so long, whoever has decided that. */
  | { kind: 'paused'; waitMs: number }
  /** Every host is left alone. */
  | { kind: 'unreachable' }
  /** None came in time, or the process is to stop. */
  | { kind: 'late' };

/**
 * Waits for a slot until `giveUpAt`, of performance.now(). Before each look the breaker is asked, so that
 * nothing stands between a slot and the wire: a query whose hosts are left alone never takes one. Times
 * are measured from before the slot was taken: its lease in Postgres ends later than what is counted here.
 */
export async function waitForSlot(
  { db, client, queryTimeoutMs, stopping, troubles }: SlotContext,
  account: Account,
  { sid, appId }: { sid: string; appId: string },
  giveUpAt: number,
): Promise<Waited> {
  const scopes = paceScopes(account, appId);
  while (!stopping.aborted) {
    const permit = client.admit(sid);
    if (permit === 'unreachable') return { kind: 'unreachable' };
    const startedAt = performance.now();
    const taking = await takeOrGiveUp(permit, () => takeSlot(db, scopes, slotLeaseMs(queryTimeoutMs)));
    if (taking.kind === 'taken') {
      const release = (heldForMs: number): Promise<void> =>
        releaseSlot(db, scopes, taking.holder, heldForMs).catch((error: unknown) => {
          troubles.slotNotReleased(error, { sid }); // its lease ends by itself
        });
      return { kind: 'held', permit, leaveBy: startedAt + queryTimeoutMs, release };
    }
    permit.done('not_asked');
    if (taking.kind === 'paused') return taking;
    if (performance.now() + taking.waitMs > giveUpAt) return { kind: 'late' };
    await wait(Math.ceil(taking.waitMs), undefined, { signal: stopping }).catch(() => undefined); // told to stop
  }
  return { kind: 'late' };
}

/** A permit must come back, also where Postgres fails: it may be the one that tries the host. */
async function takeOrGiveUp<T>(permit: Permit, take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (error) {
    permit.done('not_asked');
    throw error;
  }
}
