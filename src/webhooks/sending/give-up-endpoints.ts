import { findChangedEndpoints, giveUpEndpoints, type GivenUp } from '../../db/webhooks/held-endpoints.js';
import { plusMs } from '../../evidence/instant.js';
import type { EndpointRun } from '../run/endpoint-run.js';
import { saveReports } from './save-reports.js';
import { WARM_MS, type Held, type HoldingLease, type Sending } from './sending.js';

/**
 * Gives up the endpoints that have had nothing to do for a while, or rest for longer, or were changed from outside.
 * Returns whether any was changed: it is to be taken anew, as it is now.
 */
export async function giveUpSome(sending: Sending, lease: HoldingLease): Promise<boolean> {
  const changed = await leaveChanged(sending, lease);
  sending.givingUp ??= giveUpOnce(sending, lease).finally(() => (sending.givingUp = null));
  await sending.givingUp;
  return changed;
}

/** Those that were changed from outside are left as soon as nothing is on its way to them. */
async function leaveChanged({ context: { db }, held }: Sending, { sender }: HoldingLease): Promise<boolean> {
  const runs = [...held.values()].map(({ run }) => run.endpoint);
  if (runs.length === 0) return false;
  const changed = await findChangedEndpoints(db.pool, sender.id, runs);
  for (const id of changed) leave(held.get(id));
  return changed.size > 0;
}

function leave(one: Held | undefined): void {
  if (one === undefined) return;
  one.leaving = true;
  one.run.stop();
}

async function giveUpOnce(sending: Sending, lease: HoldingLease): Promise<void> {
  const { context, held } = sending;
  for (const one of held.values()) if (!one.leaving && isIdle(sending, one)) leave(one);
  const over = [...held.values()].filter(({ leaving, run }) => leaving && !run.isBusy());
  if (over.length === 0) return;
  if (!(await saveReports(sending, lease)) || sending.lease !== lease) return;
  await giveUpEndpoints(
    context.db,
    lease.sender.id,
    over.map(({ run }) => givenUp(run)),
  );
  for (const { run } of over) if (held.get(run.endpoint.id)?.run === run) held.delete(run.endpoint.id);
}

function isIdle(sending: Sending, one: Held): boolean {
  if (!hasNothingToDo(sending, one.run)) one.idleSince = null;
  else one.idleSince ??= performance.now();
  return one.idleSince !== null && performance.now() - one.idleSince > WARM_MS;
}

function hasNothingToDo({ context: { now }, window }: Sending, run: EndpointRun): boolean {
  if (run.isBusy()) return false;
  const soonMs = plusMs(now(), WARM_MS);
  const [dueMs, restMs] = [run.nextTryMs(), run.restUntilMs()];
  const rests = restMs !== null && restMs > soonMs;
  const isAtEnd = window.peekAfter(run.read())?.length === 0;
  const isDueLater = dueMs === null || dueMs > soonMs || (rests && dueMs > now());
  return isDueLater && (isAtEnd || rests);
}

/** Its place is the one that was saved: what came after that may be kept nowhere, and is sent again. */
export function givenUp(run: EndpointRun): GivenUp {
  const { id, revision } = run.endpoint;
  const [cursor, restUntilMs] = [run.savedCursor(), run.restUntilMs()];
  const upToDate = run.isEmpty() && restUntilMs === null && cursor === run.read();
  return { id, revision, cursor, upToDate, restUntilMs };
}
