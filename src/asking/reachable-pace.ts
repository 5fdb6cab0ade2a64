import type { Db } from '../db/connection/database.js';
import { readSlowed } from '../db/schedule/query-pace.js';
import { countGrantedSlots } from '../db/schedule/slot-grants.js';
import { readHeldMs } from '../db/schedule/query-slots.js';
import { reachablePerSecond, slotsOf } from '../reconcile/pacing.js';
import type { Account } from './account.js';

export type ReachablePace = {
  perSecond: number;
  /** Queries a second if every answer came at once and none was a 429. */
  perSecondAtBest: number;
  /** The mean time for which recent queries held their slot; null if there were none. */
  heldMs: number | null;
};

/** How many queries a second each account can ask at Agora's present response times. */
export async function readReachablePace(
  db: Db,
  accounts: readonly Account[],
): Promise<ReadonlyMap<string, ReachablePace>> {
  const [slowed, held, granted] = await Promise.all([readSlowed(db), readHeldMs(db.pool), countGrantedSlots(db.pool)]);
  return new Map(
    accounts.map(({ name, limit, perSecond }) => {
      const slots = Math.max(1, slotsOf(limit) - (granted.get(name) ?? 0));
      const pace = { perSecond, slots };
      const heldMs = held.get(name) ?? null;
      const reachable = reachablePerSecond({ ...pace, heldMs, slowedTo: slowed.get(name) ?? 1 });
      const perSecondAtBest = reachablePerSecond({ ...pace, heldMs: null, slowedTo: 1 });
      return [name, { perSecond: reachable, perSecondAtBest, heldMs }];
    }),
  );
}

/** Below this share of the pace, slow answers are worth a warning. */
const SLOW_SHARE = 0.8;

/** A warning for each account that slow answers slow down; empty if they cost little. */
export function slowAnswers(paces: ReadonlyMap<string, ReachablePace>): string[] {
  return [...paces].flatMap(([account, { perSecond, perSecondAtBest, heldMs }]) => {
    if (heldMs === null || perSecond > perSecondAtBest * SLOW_SHARE) return [];
    const seconds = (heldMs / 1000).toFixed(1);
    return [
      `account ${account} can ask ${perSecond.toFixed(1)} of ${perSecondAtBest.toFixed(1)} queries a second: each holds its slot for ${seconds} s, until a second after its answer`,
    ];
  });
}
