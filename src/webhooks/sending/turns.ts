import { giveUpSome } from './give-up-endpoints.js';
import { endLease, isOverdue, isToBeRenewed, loseLease, renewLease } from './holding-lease.js';
import { isSavingDue, saveReports } from './save-reports.js';
import { WARM_MS, type HoldingLease, type Sending } from './sending.js';
import { takeMore } from './take-endpoints.js';

/** What is done again and again while endpoints are held. */
export type Turns = {
  start: () => void;
  /** The feed is looked at in the next turn. */
  pollSoon: () => void;
  stop: () => Promise<void>;
};

const TURN_MS = 50;
const IDLE_TURN_MS = 1_000;
const POLL_EVERY_MS = 100;
/** A lease under which nothing is held is kept for so long. */
const KEPT_EMPTY_MS = WARM_MS * 3;

export function createTurns(sending: Sending): Turns {
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let polledAt = 0;
  let emptySince: number | null = null;

  function start(): void {
    timer ??= setTimeout(run, sending.held.size === 0 ? IDLE_TURN_MS : TURN_MS);
  }

  function run(): void {
    timer = null;
    turn()
      .catch(sending.onFailed)
      .finally(() => {
        if (sending.lease !== null && !sending.closed) start();
      });
  }

  async function turn(): Promise<void> {
    const { lease, held } = sending;
    if (lease === null) return;
    if (isOverdue(lease)) {
      loseLease(sending, lease.abort);
      return;
    }
    const isNews = await pollFeed();
    // Whoever paused an endpoint expects nothing more to begin.
    if (isNews || [...held.values()].some((one) => one.run.isActive())) await giveUpAndTake(sending, lease);
    for (const one of held.values()) one.run.pump();
    if (isSavingDue(sending)) await saveReports(sending, lease);
    if (isToBeRenewed(lease)) lookAround(lease);
  }

  async function pollFeed(): Promise<boolean> {
    if (performance.now() - polledAt < POLL_EVERY_MS) return false;
    polledAt = performance.now();
    const [first] = sending.held.values();
    return first !== undefined && (await sending.window.extend(first.run.read()));
  }

  /** Beside the turns, which go on: a statement that hangs must not hide that the lease runs out. */
  function lookAround(lease: HoldingLease): void {
    looking ??= renewAndLook(lease)
      .catch(sending.onFailed)
      .finally(() => (looking = null));
  }

  async function renewAndLook(lease: HoldingLease): Promise<void> {
    await renewLease(sending, lease);
    await giveUpAndTake(sending, lease);
    if (sending.held.size > 0) emptySince = null;
    else emptySince ??= performance.now();
    if (emptySince === null || performance.now() - emptySince <= KEPT_EMPTY_MS) return;
    emptySince = null;
    await endLease(sending, lease);
  }

  return {
    start,
    pollSoon: () => {
      polledAt = 0;
    },
    stop: async () => {
      if (timer !== null) clearTimeout(timer);
      await Promise.allSettled([looking]);
    },
  };
}

export async function giveUpAndTake(sending: Sending, lease: HoldingLease): Promise<void> {
  if (await giveUpSome(sending, lease)) await takeMore(sending);
}
