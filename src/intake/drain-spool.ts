import { refusedRow } from '../db/evidence/incoming-rows.js';
import { isOfContent, isRefusal } from '../db/connection/refusal.js';
import type { SpooledRow } from '../db/evidence/store-spooled.js';
import type { Spool, SpoolEntry } from './spool.js';
import type { Presence } from './store-or-spool.js';

export type DrainOptions = {
  spool: Spool;
  presence: Presence;
  /** Stores these, each exactly once, or throws and stores none of them. */
  store: (rows: readonly SpooledRow[]) => Promise<void>;
  /** Told of an entry that Postgres refuses for its content, which is kept as it came instead. */
  onRefused: (error: unknown) => void;
  onDrained: (entries: number) => void;
  /** Told when the spool itself could not be read; it is looked at again. */
  onFailed: (error: unknown) => void;
};

const LOOK_EVERY_MS = 250;
const BATCH = 500;

/**
 * Moves the spool into Postgres whenever there is something in it and Postgres takes it. Looks
 * often: what is in there is history that nobody sees yet, and a failed try costs a connection at most.
 */
export function startDraining(options: DrainOptions): { stop: () => Promise<void> } {
  let stopping = false;
  let running: Promise<void> = Promise.resolve();
  const look = (): void => {
    running = drain(options, () => stopping)
      .catch(options.onFailed)
      .finally(() => {
        if (!stopping) timer = setTimeout(look, LOOK_EVERY_MS);
      });
  };
  let timer = setTimeout(look, 0);
  return {
    stop: async () => {
      stopping = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/**
 * Goes on until the spool is empty. While Postgres is away an empty one is drained too: the disk of the
 * spool may have taken nothing, and that Postgres is back is only found out by trying.
 */
async function drain(options: DrainOptions, isStopping: () => boolean): Promise<void> {
  const { spool, presence, store, onRefused, onDrained } = options;
  let drained = 0;
  for (
    let batch = spool.read(BATCH);
    (batch.length > 0 || presence.isAway()) && !isStopping();
    batch = spool.read(BATCH)
  ) {
    try {
      await storeBatch(batch.map(toRow), store, onRefused);
    } catch (error) {
      presence.failed(error);
      break;
    }
    presence.stored();
    const last = batch.at(-1);
    if (last !== undefined) spool.drop(last.key);
    drained += batch.length;
  }
  if (drained > 0) onDrained(drained);
}

/** A batch that Postgres refuses is taken apart; what it refuses alone becomes an unreadable body. */
async function storeBatch(
  rows: readonly SpooledRow[],
  store: DrainOptions['store'],
  onRefused: DrainOptions['onRefused'],
): Promise<void> {
  try {
    await store(rows);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [row, ...others] = rows;
    if (row === undefined) return;
    if (others.length === 0) {
      if (!isOfContent(error)) throw error;
      onRefused(error);
      await store([asUnreadable(row, error)]);
      return;
    }
    for (const one of rows) await storeBatch([one], store, onRefused);
  }
}

function toRow({ key, isDoubtful, incoming }: SpoolEntry): SpooledRow {
  return { key, isDoubtful, ...incoming };
}

function asUnreadable({ key, isDoubtful, kind, row }: SpooledRow, error: unknown): SpooledRow {
  const unreadable = kind === 'notice' ? refusedRow(row, error) : { ...row, reason: String(error) };
  return { key, isDoubtful, kind: 'unreadable', row: unreadable };
}
