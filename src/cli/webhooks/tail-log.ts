import type { Db } from '../../db/connection/database.js';
import { DELIVERY_STATES, listDeliveries, type LoggedDelivery } from '../../db/webhooks/deliveries.js';
import { nextSignal } from '../../run-until-signal.js';
import { print } from '../with-config.js';
import { deliveryLine } from './show-webhooks.js';
import { rest } from '../../timing/rest.js';

const LOOK_EVERY_MS = 500;
/** Of the log, with each look: where more came between two looks, the newest of it are shown. */
const MOST = 200;

/** Prints the newest deliveries of an endpoint; with `follow`, each further change of one until it is told to stop. */
export async function tailLog({ pool }: Db, id: string, count: number, follow: boolean): Promise<void> {
  const first = (await listDeliveries(pool, id, DELIVERY_STATES, null, MOST)).toReversed();
  for (const one of first.slice(-count)) print(deliveryLine(one));
  if (!follow) return;
  const stopped = new AbortController();
  void nextSignal().then(() => stopped.abort());
  let shown = new Set(first.map(lookOf));
  while (!stopped.signal.aborted) {
    const found = (await listDeliveries(pool, id, DELIVERY_STATES, null, MOST)).toReversed();
    for (const one of found) if (!shown.has(lookOf(one))) print(deliveryLine(one));
    shown = new Set(found.map(lookOf));
    await rest(LOOK_EVERY_MS, stopped.signal);
  }
}

/** A delivery is shown again once something came of it. */
function lookOf({ id, state, tries, atMs }: LoggedDelivery): string {
  return JSON.stringify([id, state, tries, atMs]);
}
