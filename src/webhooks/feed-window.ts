import type { Db } from '../db/connection/database.js';
import { listChanges } from '../db/sessions/changes.js';
import { withVersionsBefore, type VersionPair } from '../db/sessions/version-pairs.js';
import { eventsOf, type SessionEvent } from '../sessions/views/webhook-events.js';

/** An entry of the change feed, with what happened. */
export type FeedStep = VersionPair & { cursor: bigint; types: readonly SessionEvent[] };

export type FeedWindow = {
  /** What follows a cursor, in order; empty at the end of the feed. */
  readAfter: (after: bigint) => Promise<readonly FeedStep[]>;
  /** The same of what is in memory; null where that has to be read. */
  peekAfter: (after: bigint) => readonly FeedStep[] | null;
  /** Reads on at the end. Returns whether anything was there. */
  extend: (from: bigint) => Promise<boolean>;
};

const PAGE = 250;
const KEPT = 1_000;

export function toStep(pair: VersionPair): FeedStep {
  const { change, before } = pair;
  return { ...pair, cursor: BigInt(change.cursor), types: eventsOf(before?.session ?? null, change.session) };
}

/**
 * The end of the feed in memory, read once for all endpoints of this process: most of them stand there. One that is
 * far behind reads for itself. Versions never change, so what is here is as good as what is there.
 */
export function createFeedWindow({ pool }: Pick<Db, 'pool'>): FeedWindow {
  let begin: bigint | null = null;
  let steps: FeedStep[] = [];
  let reading: Promise<boolean> | null = null;

  const load = async (after: bigint): Promise<FeedStep[]> => {
    const changes = await listChanges(pool, String(after), PAGE);
    return (await withVersionsBefore(pool, changes)).map(toStep);
  };
  const endOf = (): bigint | null => steps.at(-1)?.cursor ?? begin;
  const readOn = async (): Promise<boolean> => {
    const end = endOf();
    if (end === null) return false;
    const loaded = await load(end);
    steps.push(...loaded);
    if (steps.length > KEPT) {
      const gone = steps.splice(0, steps.length - KEPT);
      begin = gone.at(-1)?.cursor ?? begin;
    }
    return loaded.length > 0;
  };
  const extend = (from: bigint): Promise<boolean> => {
    if (begin === null) begin = from;
    reading ??= readOn().finally(() => (reading = null));
    return reading;
  };
  const peekAfter = (after: bigint): readonly FeedStep[] | null => {
    const end = endOf();
    if (begin === null || end === null || after < begin || after > end) return null;
    return steps.slice(firstAfter(steps, after), firstAfter(steps, after) + PAGE);
  };
  return {
    extend,
    peekAfter,
    readAfter: async (after) => {
      const here = peekAfter(after);
      if (here !== null && here.length > 0) return here;
      const end = endOf();
      if (end !== null && after < end) return load(after);
      // The window begins anew where somebody is further than it.
      if (end === null || after > end) [begin, steps] = [after, []];
      await extend(after);
      return peekAfter(after) ?? [];
    },
  };
}

function firstAfter(steps: readonly FeedStep[], after: bigint): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]?.cursor ?? 0n) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
