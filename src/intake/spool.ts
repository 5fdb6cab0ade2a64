import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import type { Incoming } from '../db/evidence/incoming-rows.js';
import type { UnixMs } from '../evidence/instant.js';

/** `isDoubtful`: Postgres may have stored it already, by a statement whose answer never came. */
export type SpoolEntry = { key: number; isDoubtful: boolean; incoming: Incoming };

/**
 * Notifications that were acknowledged while Postgres was away, on this machine's disk in order of arrival.
 * Several processes may have the same folder open.
 */
export type Spool = {
  /** The permanent id of this spool: Postgres keeps how far it was drained under this id. */
  id: string;
  /**
   * Returns once all of it is synced to disk; `full` if there is no room. Throws if the write to disk fails;
   * for a moment after that it answers `full`.
   */
  append: (batch: readonly Incoming[], doubt: Pick<SpoolEntry, 'isDoubtful'>) => 'kept' | 'full';
  /** The first entries. */
  read: (limit: number) => SpoolEntry[];
  /** Deletes everything up to and including this key. */
  drop: (lastKey: number) => void;
  size: () => SpoolSize;
  /** When the first entry was received; null where there is none. */
  oldestMs: () => UnixMs | null;
  close: () => Promise<void>;
};

export type SpoolSize = { entries: number; bytes: number };

type State = SpoolSize & { nextKey: number };
type Kept = Omit<SpoolEntry, 'key'>;

/** Per entry in addition to the body: columns, keys, and the overhead of LMDB's pages. */
const OVERHEAD = 600;

/**
 * How long no write is tried after one failed: each try costs a write, and a line that LMDB itself prints on
 * stderr.
 */
const REST_MS = 250;

/**
 * `maxBytes` bounds what is kept, and so the disk space: pages of deleted entries are reused.
 *
 * Writes are synchronous, one sync of the disk for a batch: where a disk is full, the asynchronous commits of
 * lmdb 3.5 never settle, or reject where nothing can catch it, which ends the process.
 */
export function openSpool(folder: string, maxBytes: number): Spool {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A write is finished when it is on disk, not when other readers can see it.
  const root: RootDatabase = open({ path: folder, overlappingSync: false, noSubdir: false });
  const entries = root.openDB<Kept, number>({ name: 'entries' });
  const about = root.openDB<State | string, string>({ name: 'about' });
  const id = about.transactionSync(() => {
    const known = about.get('id') as string | undefined;
    const own = known ?? randomUUID();
    if (known === undefined) about.putSync('id', own);
    return own;
  });
  const state = (): State => (about.get('state') as State | undefined) ?? { nextKey: 1, entries: 0, bytes: 0 };
  const appendNow: Spool['append'] = (batch, { isDoubtful }) => {
    const { nextKey, entries: count, bytes } = state();
    const added = batch.reduce((sum, incoming) => sum + weigh(incoming), 0);
    if (bytes + added > maxBytes) return 'full';
    for (const [n, incoming] of batch.entries()) entries.putSync(nextKey + n, { isDoubtful, incoming });
    about.putSync('state', { nextKey: nextKey + batch.length, entries: count + batch.length, bytes: bytes + added });
    return 'kept';
  };
  const dropNow = (lastKey: number): void => {
    const { nextKey, entries: count, bytes } = state();
    let [dropped, freed] = [0, 0];
    for (const { key, value } of [...entries.getRange({ end: lastKey + 1 })]) {
      entries.removeSync(key);
      dropped += 1;
      freed += weigh(value.incoming);
    }
    about.putSync('state', { nextKey, entries: count - dropped, bytes: Math.max(bytes - freed, 0) });
  };
  let restsUntil = 0;
  const append: Spool['append'] = (batch, doubt) => {
    if (performance.now() < restsUntil) return 'full';
    try {
      return root.transactionSync(() => appendNow(batch, doubt));
    } catch (error) {
      restsUntil = performance.now() + REST_MS;
      throw error;
    }
  };
  return {
    id,
    append,
    read: (limit) => [...entries.getRange({ limit })].map(({ key, value }) => ({ key, ...value })),
    drop: (lastKey) => root.transactionSync(() => dropNow(lastKey)),
    size: () => {
      const { entries: count, bytes } = state();
      return { entries: count, bytes };
    },
    oldestMs: () => [...entries.getRange({ limit: 1 })][0]?.value.incoming.row.receivedMs ?? null,
    close: () => root.close(),
  };
}

function weigh({ row }: Incoming): number {
  return row.raw.length + OVERHEAD;
}
