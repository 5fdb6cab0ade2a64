import type { Db } from '../db/connection/database.js';
import { readReplayed, readWritten } from '../db/connection/replication.js';
import { rest } from '../timing/rest.js';

/** Runs a read that may tell of a moment ago: on a replica where one can be used, else on the primary. */
export type ReadOlder = <T>(read: (db: Db) => Promise<T>) => Promise<T>;

export type ReadReplica = {
  readOlder: ReadOlder;
  /** Null where reads go to it, or none is configured. */
  warning: () => string | null;
  close: () => Promise<void>;
};

export type ReplicaParts = {
  primary: Db;
  replica: Db;
  /** Told how far it is behind; null while that cannot be told. */
  onLag: (seconds: number | null) => void;
  onError: (error: unknown) => void;
};

const LOOK_EVERY_MS = 1_000;
/** Who reads may be told of so long ago, and no longer. */
const MOST_BEHIND_MS = 10_000;

/** For a process without a replica. */
export function readPrimary(primary: Db): ReadReplica {
  return { readOlder: (read) => read(primary), warning: () => null, close: () => Promise.resolve() };
}

/**
 * Every second it is noted how far the primary has written, and looked which of these places the replica has reached:
 * a replica whose stream has broken knows of no delay, for it has nothing left to replay. A read that fails on it is
 * made again on the primary.
 */
export function openReadReplica({ primary, replica, onLag, onError }: ReplicaParts): ReadReplica {
  const closing = new AbortController();
  let refusal: string | null = 'has not been looked at yet';
  const measure = createLagMeter(primary, replica);
  const look = async (): Promise<void> => {
    try {
      const behindMs = await measure();
      onLag(behindMs === null ? null : behindMs / 1_000);
      refusal = refusalOf(behindMs);
    } catch (error) {
      onLag(null);
      refusal = `cannot be used (${error instanceof Error ? error.message : String(error)})`;
      onError(error);
    }
  };
  const looking = (async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await look();
      await rest(LOOK_EVERY_MS, closing.signal);
    }
  })();
  return {
    readOlder: async (read) => {
      if (refusal !== null) return read(primary);
      return read(replica).catch((error: unknown) => {
        onError(error);
        return read(primary);
      });
    },
    warning: () => (refusal === null ? null : `the replica of DATABASE_READ_URL ${refusal}; the primary is read`),
    close: async () => {
      closing.abort();
      await looking;
    },
  };
}

function refusalOf(behindMs: number | null): string | null {
  if (behindMs === null) return 'has not reached yet what was written when this process started';
  return behindMs > MOST_BEHIND_MS ? `is ${String(Math.round(behindMs / 1_000))} s behind` : null;
}

/** How far the primary had written when. */
type Note = { place: bigint; atMs: number };

/** Of what was noted, so much is kept; who is further behind is not used anyway. */
const KEPT = 120;

/** Null until the first place that was noted is reached: before, the replica may be any time behind. */
function createLagMeter(primary: Db, replica: Db): () => Promise<number | null> {
  let notes: Note[] = [];
  let hasReachedOne = false;
  return async () => {
    const atMs = performance.now();
    const written = await readWritten(primary.pool);
    const replayed = await readReplayed(replica.pool);
    if (replayed.ledgerId !== written.ledgerId) throw new Error('it has another ledger');
    if (replayed.place === null) return 0; // no replica: the primary itself, or a pooler before it
    const reached = replayed.place;
    notes = [...notes, { place: written.place, atMs }].slice(-KEPT);
    hasReachedOne ||= notes.some(({ place }) => place <= reached);
    if (!hasReachedOne) return null;
    const missing = notes.find(({ place }) => place > reached);
    return missing === undefined ? 0 : performance.now() - missing.atMs;
  };
}
