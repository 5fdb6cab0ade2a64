import type { Permit } from '../agora/host-rotation.js';
import { releaseSlot, takeSlot } from '../db/schedule/query-slots.js';
import { paceScopes, type Account } from './account.js';
import type { AskContext } from './ask-context.js';
import { slotLeaseMs } from './slot-times.js';
import { rest } from '../timing/rest.js';

export type SlotContext = Pick<AskContext, 'db' | 'client' | 'queryTimeoutMs' | 'stopping'> & {
  errorEvents: Pick<AskContext['errorEvents'], 'slotNotReleased'>;
};

/** A slot that is held, and the permit for a host. The query must be sent at once. */
export type HeldSlot = {
  kind: 'held';
  permit: Permit;
  /** The query must be sent before this time (of performance.now()) or not at all. */
  leaveBy: number;
  /** Releases the slot after `heldForMs`. */
  release: (heldForMs: number) => Promise<void>;
};

export type SlotOutcome =
  | HeldSlot
  /** The account is paused for this long. */
  | { kind: 'paused'; waitMs: number }
  /** The breakers of all hosts are open. */
  | { kind: 'unreachable' }
  /** No slot became free in time, or the process is stopping. */
  | { kind: 'late' };

/**
 * Waits for a slot until `giveUpAt` (of performance.now()). The breaker is asked before each attempt, so that
 * a query whose hosts are unavailable never takes a slot, and nothing delays a query that has one. Times are
 * measured from before the slot was taken, so its lease in Postgres ends later than counted here.
 */
export async function waitForSlot(
  { db, client, queryTimeoutMs, stopping, errorEvents }: SlotContext,
  account: Account,
  { sid, appId }: { sid: string; appId: string },
  giveUpAt: number,
): Promise<SlotOutcome> {
  const scopes = paceScopes(account, appId);
  while (!stopping.aborted) {
    const permit = client.admit(sid);
    if (permit === 'unreachable') return { kind: 'unreachable' };
    const startedAt = performance.now();
    const taking = await takeOrGiveUp(permit, () => takeSlot(db, scopes, slotLeaseMs(queryTimeoutMs)));
    if (taking.kind === 'taken') {
      const release = (heldForMs: number): Promise<void> =>
        releaseSlot(db, scopes, taking.holder, heldForMs).catch((error: unknown) => {
          errorEvents.slotNotReleased(error, { sid }); // its lease expires by itself
        });
      return { kind: 'held', permit, leaveBy: startedAt + queryTimeoutMs, release };
    }
    permit.done('not_asked');
    if (taking.kind === 'paused') return taking;
    if (performance.now() + taking.waitMs > giveUpAt) return { kind: 'late' };
    await rest(Math.ceil(taking.waitMs), stopping);
  }
  return { kind: 'late' };
}

/** The permit must be returned even if Postgres fails: it may be the one that probes the host. */
async function takeOrGiveUp<T>(permit: Permit, take: () => Promise<T>): Promise<T> {
  try {
    return await take();
  } catch (error) {
    permit.done('not_asked');
    throw error;
  }
}
