import type { ListedObject } from '../sessions/stored/look-at-listing.js';
import type { Sought } from './look-at-session.js';
import type { PacedClient } from './paced-client.js';

/** A session by itself takes two listings of a folder: of its sid, and of `bak0_` with it. */
const ALONE = 2;

/**
 * Folders in which several sessions are sought at once, listed whole, where that takes no more requests than listing
 * what begins with each of their sids. A folder that holds more is left to be listed session by session.
 */
export async function listTogether(
  client: PacedClient,
  sought: readonly Sought[],
): Promise<ReadonlyMap<string, readonly ListedObject[]>> {
  const counts = new Map<string, number>();
  for (const folder of sought.flatMap(({ folders }) => folders)) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  const listed = new Map<string, readonly ListedObject[]>();
  for (const [folder, sessions] of counts) {
    if (sessions < 2) continue;
    const first = await client.listAll(folder, 1);
    const answer = first.kind === 'more' && sessions > ALONE ? await client.listAll(folder, sessions) : first;
    if (answer.kind === 'all') listed.set(folder, answer.entries);
  }
  return listed;
}
