import { setTimeout as wait } from 'node:timers/promises';
import type { Db } from '../db/connection/database.js';
import type { PaceScope } from '../db/schedule/pace-scopes.js';
import { giveBackSlots, holdSlots, type GrantState } from '../db/schedule/slot-grants.js';
import { CallSlots } from './call-slots.js';
import { rest } from '../timing/rest.js';

export type GrantedSlots = Pick<CallSlots, 'take'> & {
  /** Resolves once Postgres was asked for the first time. */
  ready: Promise<void>;
  close: () => Promise<void>;
};

export type GrantedSlotsOptions = {
  db: Db;
  scope: PaceScope;
  /** This process, in whose name they are held. */
  holder: string;
  onError: (error: unknown) => void;
};

/**
 * How long slots stay this process's while it cannot say that it lives: calls pass for so long without Postgres.
 * The slots of a process that never comes back, nor another in its place, are lost for so long.
 */
const GRANT_MS = 900_000;
/** So much earlier the process stops using them: more than its clock and the database's differ in that time. */
const MARGIN_MS = 10_000;
const LOOK_EVERY_MS = 1_000;
/** While calls wait. */
const LOOK_AGAIN_MS = 50;
const SEEN_FOR_MS = 5_000;
/** Slots that were not needed for so many looks are given back. */
const IDLE_LOOKS = 3;
/** The part of a scope's slots that is held without a call, all holders together: for when Postgres goes away. */
const STANDING_SHARE = 0.3;

/**
 * Holds slots of one scope for the calls of this process: a few at all times, more while calls want them. What
 * Postgres granted is this process's alone until it gives it back, so it is used without asking again, and goes
 * on being used while Postgres is away.
 * Ours: docs/decisions/039-passed-on-calls-hold-slots.md
 */
export function openGrantedSlots({ db, scope, holder, onError }: GrantedSlotsOptions): GrantedSlots {
  const closing = new AbortController();
  let wake = (): void => undefined;
  const slots = new CallSlots(() => wake());
  const of = { scope, holder };
  let state: GrantState = { held: 0, holders: 1, othersWant: false, most: 1 };
  const recent: number[] = [];
  const look = async (): Promise<void> => {
    const askedAt = performance.now();
    state = await holdSlots(db, of, wantedBy(slots, scope, state), { forMs: GRANT_MS, seenForMs: SEEN_FOR_MS });
    slots.setHeld(state.held, askedAt + GRANT_MS - MARGIN_MS);
    recent.push(slots.mostInUse());
    if (recent.length > IDLE_LOOKS) recent.shift();
    const given = slots.giveUp(spareOf(slots, scope, state, recent));
    if (given > 0) await giveBackSlots(db.pool, of, given);
  };
  const pause = async (ms: number): Promise<void> => {
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const over = new AbortController();
    const waited = wait(ms, undefined, { signal: AbortSignal.any([closing.signal, over.signal]) }).catch(
      () => undefined,
    );
    await Promise.race([waited, woken]);
    over.abort();
  };
  let tellReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => (tellReady = resolve));
  const running = (async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const isServed = await look().then(
        () => slots.waiting() === 0,
        (error: unknown) => {
          onError(error);
          return true; // there is nobody to ask again soon
        },
      );
      tellReady();
      if (isServed) await pause(LOOK_EVERY_MS);
      else await rest(LOOK_AGAIN_MS, closing.signal);
    }
  })();
  return {
    take: (patienceMs) => slots.take(patienceMs),
    ready,
    close: async () => {
      closing.abort();
      await running;
    },
  };
}

/** What is held without a call. An account of one slot has none to spare. */
function standing({ slots }: PaceScope, { holders, most }: GrantState): number {
  if (slots < 2) return 0;
  return Math.min(most, Math.max(1, Math.floor((slots * STANDING_SHARE) / holders)));
}

function wantedBy(slots: CallSlots, scope: PaceScope, state: GrantState): number {
  const mayHave = state.othersWant ? Math.max(0, state.most - slots.held()) : scope.slots;
  const free = Math.max(0, slots.held() - slots.inUse());
  const missing = Math.max(standing(scope, state) - slots.held(), slots.waiting() - free);
  return Math.max(0, Math.min(missing, mayHave));
}

/** Slots beyond what stands and was lately needed; and, where others want some, beyond this process's part. */
function spareOf(slots: CallSlots, scope: PaceScope, state: GrantState, recent: readonly number[]): number {
  const isNew = recent.length < IDLE_LOOKS;
  const needed = isNew ? slots.held() : Math.max(standing(scope, state), ...recent);
  const kept = state.othersWant ? Math.min(needed, state.most) : needed;
  return slots.held() - kept;
}
