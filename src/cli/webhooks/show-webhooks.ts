import { iso } from '../../evidence/instant.js';
import type { LoggedDelivery } from '../../db/webhooks/deliveries.js';
import type { Endpoint } from '../../db/webhooks/endpoints.js';
import type { EndpointLag } from '../../db/webhooks/lag.js';
import { printable } from './printable.js';

/** One endpoint in a few lines: where it is, and how it fares. */
export function endpointLines(endpoint: Endpoint, lag: EndpointLag | undefined): string[] {
  const { id, url, description, types, appIds, problem, failingSinceMs, deliveredMs } = endpoint;
  const wants = [types?.join(', ') ?? 'all types', ...(appIds === null ? [] : [`of apps ${appIds.join(', ')}`])];
  return [
    `${id}  ${stateOf(endpoint)}  ${printable(url)}${description === null ? '' : `  (${printable(description)})`}`,
    `  wants ${printable(wants.join(' '))}; last delivered ${deliveredMs === null ? 'never' : iso(deliveredMs)}`,
    ...(lag === undefined || isQuiet(lag) ? [] : [`  ${lagText(lag)}`]),
    ...(failingSinceMs === null ? [] : [`  failing since ${iso(failingSinceMs)}`]),
    ...(problem === null ? [] : [`  problem: ${printable(problem)}`]),
  ];
}

function stateOf({ state, pausedBecause }: Endpoint): string {
  return pausedBecause === 'gone' ? 'paused (it answered 410)' : state;
}

function isQuiet({ versions, waiting, parked }: EndpointLag): boolean {
  return versions + waiting + parked === 0;
}

function lagText({ versions, seconds, waiting, parked }: EndpointLag): string {
  return `${String(versions)} versions of the feed behind, ${String(Math.round(seconds))} s; ${String(waiting)} deliveries wait, ${String(parked)} are parked`;
}

/** One line of the log of deliveries. */
export function deliveryLine({
  atMs,
  state,
  type,
  sid,
  cursor,
  tries,
  lastStatus,
  lastError,
  id,
}: LoggedDelivery): string {
  const about = sid === null ? '' : ` ${printable(sid)} at ${cursor ?? ''}`;
  const came = lastError ?? (lastStatus === null ? 'not tried yet' : String(lastStatus));
  const times = tries === 1 ? '1 try' : `${String(tries)} tries`;
  return `${iso(atMs)}  ${state.padEnd(9)}  ${type}${about}  ${printable(came)} (${times})  ${id}`;
}
