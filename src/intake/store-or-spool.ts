import { isAnswered, isRefusal } from '../db/connection/refusal.js';
import type { Incoming } from '../db/evidence/incoming-rows.js';
import type { Spool } from './spool.js';

/** Postgres is away and the spool has no room: the sender has to send it again. */
export class SpoolFullError extends Error {
  constructor() {
    super('Postgres cannot be reached, and the spool is full');
  }
}

/**
 * Whether Postgres is away. States: *there* (every batch goes to Postgres), *away* (every batch goes
 * to the spool, without a try, so that nobody waits for a timeout). A batch that fails leads to away,
 * the first batch that is drained leads back: what tells that Postgres is there is that it stored.
 */
export type Presence = {
  isAway: () => boolean;
  failed: (error: unknown) => void;
  stored: () => void;
};

export function createPresence(onAway: (error: unknown) => void, onBack: () => void): Presence {
  let away = false;
  return {
    isAway: () => away,
    failed: (error) => {
      if (!away) onAway(error);
      away = true;
    },
    stored: () => {
      if (away) onBack();
      away = false;
    },
  };
}

/**
 * A store for a group commit that never has to fail because of Postgres. Resolves once the batch is
 * durable in one of the two places. What Postgres refuses for its content is thrown on.
 */
export function storeOrSpool<T>(
  presence: Presence,
  spool: Spool,
  store: (batch: readonly T[]) => Promise<void>,
  toIncoming: (item: T) => Incoming,
): (batch: readonly T[]) => Promise<void> {
  return async (batch) => {
    let isDoubtful = false;
    if (!presence.isAway()) {
      try {
        await store(batch);
        return;
      } catch (error) {
        if (isRefusal(error)) throw error;
        isDoubtful = !isAnswered(error);
        presence.failed(error);
      }
    }
    const kept = spool.append(batch.map(toIncoming), { isDoubtful });
    if (kept === 'full') throw new SpoolFullError();
  };
}
