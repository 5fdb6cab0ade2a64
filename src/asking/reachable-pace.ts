import type { Db } from '../db/connection/database.js';
import { readSlowed } from '../db/schedule/query-pace.js';
import { readHeldMs } from '../db/schedule/query-slots.js';
import { reachablePerSecond, slotsOf } from '../reconcile/pacing.js';
import type { Account } from './account.js';

export type ReachablePace = {
  perSecond: number;
  /** Those that could be asked were every answer there at once and none a 429. */
  perSecondAtBest: number;
  /** For how long queries of late held their slot; null where none was asked. */
  heldMs: number | null;
};

/** How many queries a second of each account can be asked as Agora answers now. */
export async function readReachablePace(
  db: Db,
  accounts: readonly Account[],
): Promise<ReadonlyMap<string, ReachablePace>> {
  const [slowed, held] = await Promise.all([readSlowed(db), readHeldMs(db.pool)]);
  return new Map(
    accounts.map(({ name, limit, perSecond }) => {
      const pace = { perSecond, slots: slotsOf(limit) };
      const heldMs = held.get(name) ?? null;
      const reachable = reachablePerSecond({ ...pace, heldMs, slowedTo: slowed.get(name) ?? 1 });
      const perSecondAtBest = reachablePerSecond({ ...pace, heldMs: null, slowedTo: 1 });
      return [name, { perSecond: reachable, perSecondAtBest, heldMs }];
    }),
  );
}

/** From so small a part of the pace on slow answers are worth a warning. */
const SLOW_SHARE = 0.8;

/** What slow answers cost, in words for people, an account each; empty where they cost little. */
export function slowAnswers(paces: ReadonlyMap<string, ReachablePace>): string[] {
  return [...paces].flatMap(([account, { perSecond, perSecondAtBest, heldMs }]) => {
    if (heldMs === null || perSecond > perSecondAtBest * SLOW_SHARE) return [];
    const seconds = (heldMs / 1000).toFixed(1);
    return [
      `account ${account} can ask ${perSecond.toFixed(1)} of ${perSecondAtBest.toFixed(1)} queries a second: each holds its slot for ${seconds} s, until a second after its answer`,
    ];
  });
}
