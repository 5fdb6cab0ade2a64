import type { Db } from '../db/connection/database.js';
import { insertNotice } from '../db/webhooks/deliveries.js';
import { changing } from '../db/webhooks/endpoints.js';
import type { HeldEndpoint } from '../db/webhooks/held-endpoints.js';
import { listFilters } from '../db/webhooks/routing.js';
import type { UnixMs } from '../evidence/instant.js';
import { FAILING_EVENT, failingNotice } from './notices.js';

/** Tells every other endpoint that wants to know, once for each time that this one begins to fail. */
export async function tellOfFailing(
  db: Db,
  failing: HeldEndpoint,
  why: string,
  sinceMs: UnixMs,
  atMs: UnixMs,
): Promise<void> {
  await changing(db, async (tx) => {
    const others = (await listFilters(tx)).filter(({ id, types }) => {
      return id !== failing.id && (types.length === 0 || types.includes(FAILING_EVENT));
    });
    for (const { id } of others) {
      await insertNotice(tx, id, failingNotice(id, { ...failing, sinceMs, why }, atMs), atMs);
    }
  });
}
