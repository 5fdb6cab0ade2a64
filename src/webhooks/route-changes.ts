import type { Db } from '../db/connection/database.js';
import { readLastCursor } from '../db/sessions/feed.js';
import {
  hasUpToDate,
  listFilters,
  savePosition,
  setBehind,
  whileRouting,
  type EndpointFilter,
} from '../db/webhooks/routing.js';
import type { FeedStep, FeedWindow } from './feed-window.js';
import { wantedOf } from './run/queue-deliveries.js';

/** Looks through what is new in the feed; returns whether there may be more. */
export type RouteChanges = () => Promise<boolean>;

/**
 * Finds for which of the endpoints that are up to date there is something in the feed. It is looked through once for
 * all of them, so that thousands with nothing to do cost nothing but a look at their filters, which are in memory.
 * One that is behind reads for itself, and where all are, nothing is read here.
 */
export function createRouter({ pool }: Pick<Db, 'pool'>, window: FeedWindow): RouteChanges {
  let known: { revision: bigint; filters: readonly EndpointFilter[] } | null = null;
  return async () => {
    const more = await whileRouting({ pool }, async (tx, { position, revision }) => {
      if (!(await hasUpToDate(tx))) {
        const last = await readLastCursor(tx);
        if (last > position) await savePosition(tx, last);
        return false;
      }
      const steps = await window.readAfter(position);
      const last = steps.at(-1);
      if (last === undefined) return false;
      if (known?.revision !== revision) known = { revision, filters: await listFilters(tx) };
      await setBehind(tx, firstWanted(known.filters, steps));
      await savePosition(tx, last.cursor);
      return true;
    });
    return more === true;
  };
}

/** For each endpoint that wants any of these, the cursor before the first. */
function firstWanted(filters: readonly EndpointFilter[], steps: readonly FeedStep[]): ReadonlyMap<string, bigint> {
  const first = new Map<string, bigint>();
  for (const filter of filters) {
    const step = steps.find((one) => wantedOf(filter, one).length > 0);
    if (step !== undefined) first.set(filter.id, step.cursor - 1n);
  }
  return first;
}
