import { refusedRow, type Incoming } from '../db/evidence/incoming-rows.js';
import { isOfContent } from '../db/connection/refusal.js';
import type { NoticeRow } from '../db/evidence/store-notices.js';
import type { QuarantineRow } from '../db/evidence/store-quarantine.js';
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
  const readable = keeping(storeNotices, (row) => ({ kind: 'notice', row }));
  const quarantine = keeping(storeUnreadable, (row) => ({ kind: 'unreadable', row }));
  const drain = async (): Promise<void> => {
    await readable.drain();
    await quarantine.drain();
  };
  return { notices: orElse(readable, quarantine), quarantine, drain };
}

/** What Postgres refuses for its content is signed all the same, and kept as it came. */
function orElse(
  readable: GroupCommit<NoticeRow>,
  quarantine: GroupCommit<QuarantineRow>,
): GroupCommit<NoticeRow> {
  const add = (row: NoticeRow): Promise<'stored' | 'full'> =>
    readable.add(row).catch((error: unknown) => {
      if (!isOfContent(error)) throw error;
      return quarantine.add(refusedRow(row, error));
    });
  return { ...readable, add };
}
