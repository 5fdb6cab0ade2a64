import type { Incoming } from '../db/incoming-rows.js';
import type { NoticeRow } from '../db/store-notices.js';
import type { QuarantineRow } from '../db/store-quarantine.js';
import { createGroupCommit, type GroupCommit } from './group-commit.js';
import type { Spool } from './spool.js';
import { storeOrSpool, type Presence } from './store-or-spool.js';

/** Both kinds of what comes in, each with its own statement. */
export type Keeping = {
  notices: GroupCommit<NoticeRow>;
  quarantine: GroupCommit<QuarantineRow>;
  /** Resolves once nothing waits to be kept any more. */
  drain: () => Promise<void>;
};

/** Stores all of these rows or none of them. */
export type Store<T> = (rows: readonly T[]) => Promise<void>;

/** One statement's worth of notifications, and how many may wait for theirs. */
const LIMITS = { maxBatch: 200, maxWaiting: 10_000 };

/** Batches of both kinds go to Postgres, or where that is away into the spool. */
export function keepIncoming(
  presence: Presence,
  spool: Spool,
  storeNotices: Store<NoticeRow>,
  storeUnreadable: Store<QuarantineRow>,
): Keeping {
  const keeping = <T>(store: Store<T>, toIncoming: (row: T) => Incoming): GroupCommit<T> =>
    createGroupCommit({ ...LIMITS, store: storeOrSpool(presence, spool, store, toIncoming) });
  const notices = keeping(storeNotices, (row) => ({ kind: 'notice', row }));
  const quarantine = keeping(storeUnreadable, (row) => ({ kind: 'unreadable', row }));
  const drain = async (): Promise<void> => {
    await Promise.all([notices.drain(), quarantine.drain()]);
  };
  return { notices, quarantine, drain };
}
