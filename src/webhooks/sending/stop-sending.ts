import { setTimeout as pause } from 'node:timers/promises';
import { giveUpEndpoints } from '../../db/webhooks/held-endpoints.js';
import { givenUp } from './give-up-endpoints.js';
import { endLease } from './holding-lease.js';
import { saveReports } from './save-reports.js';
import type { HoldingLease, Sending } from './sending.js';

const CLOSE_WITHIN_MS = 2_000;
const SAVED_WITHIN_MS = 3_000;

/** Waits a little for what is on its way, breaks off the rest, saves, and gives all endpoints up. */
export async function stopSending(sending: Sending, lease: HoldingLease): Promise<void> {
  const { held } = sending;
  const began = performance.now();
  const isWithin = (ms: number): boolean => performance.now() - began < ms;
  for (const { run } of held.values()) run.stop();
  while ([...held.values()].some(({ run }) => run.isBusy()) && isWithin(CLOSE_WITHIN_MS)) await pause(20);
  lease.abort.abort();
  while (sending.saving && isWithin(SAVED_WITHIN_MS)) await pause(20);
  await saveAndGiveUp(sending, lease).catch(sending.onFailed);
  held.clear();
  await endLease(sending, lease);
}

async function saveAndGiveUp(sending: Sending, lease: HoldingLease): Promise<void> {
  await saveReports(sending, lease);
  const given = [...sending.held.values()].map(({ run }) => givenUp(run));
  await giveUpEndpoints(sending.context.db, lease.sender.id, given);
}
