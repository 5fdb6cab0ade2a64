import type { PoolClient } from 'pg';
import { requestFold } from '../db/evidence/pending-evidence.js';
import { dropQuery } from '../db/schedule/query-schedule.js';
import { insertRegistration, insertRevision, loadRegistrations } from '../db/evidence/registrations.js';
import { lockSession } from '../db/sessions/session-lock.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import { plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import type { Registration } from '../evidence/registration.js';
import {
  addRegistration,
  compareRegistrations,
  NO_REGISTRATIONS,
  registrationInForce,
  type Registered,
} from '../sessions/facts/registrations.js';
import type { FoldContext } from './fold-context.js';
import { foldSession } from './fold-sessions.js';

/**
 * Registers a session, as told by the service that called `start`. Decided under the session's lock, so that
 * of two at once the second is compared with the first. Stored together with a pending row, then folded at
 * once; if the process dies in between, the sweep folds it.
 */
export async function register(context: FoldContext, registration: Registration): Promise<Registered> {
  const registered = await withTransaction(context.db, async (tx) => {
    await lockSession(tx, registration.sid);
    return decideAndStore(tx, registration, context.now());
  });
  const isNews = registered.kind !== 'same' && registered.kind !== 'contradicts';
  if (isNews) await foldSession(context, registration.sid);
  return registered;
}

/**
 * The same of many at once, in one transaction and in the order given. They are left to be folded with whatever else
 * waits: by the service, or by the caller.
 */
export async function registerAll(context: FoldContext, told: readonly Registration[]): Promise<Registered[]> {
  return withTransaction(context.db, async (tx) => {
    // In one order, so that of two of them none waits for the other's in turn.
    for (const sid of [...new Set(told.map((one) => one.sid))].sort()) await lockSession(tx, sid);
    const registered: Registered[] = [];
    for (const registration of told) registered.push(await decideAndStore(tx, registration, context.now()));
    return registered;
  });
}

async function decideAndStore(tx: PoolClient, told: Registration, nowMs: UnixMs): Promise<Registered> {
  const known = await loadRegistrations(tx, [told.sid]);
  const inForce = registrationInForce(known.reduce(addRegistration, NO_REGISTRATIONS));
  const registered = compareRegistrations(inForce, told);
  const receivedMs = registered.kind === 'created' ? told.receivedMs : nowMs;
  await storeRegistered(tx, { ...told, receivedMs }, registered, known);
  return registered;
}

/** Stores a registration as it compares with those that are known. The caller holds the session's lock. */
export async function storeRegistered(
  tx: PoolClient,
  told: Registration,
  registered: Registered,
  known: readonly Registration[],
): Promise<void> {
  if (registered.kind === 'created') await create(tx, told);
  if (registered.kind === 'added' || registered.kind === 'replaced') {
    const lastMs = known.at(-1)?.receivedMs ?? told.receivedMs;
    await revise(tx, told, unixMs(Math.max(told.receivedMs, plusMs(lastMs, 1))));
  }
}

/** There is no registration yet that it could replace. */
async function create(tx: PoolClient, told: Registration): Promise<void> {
  await insertRegistration(tx, { ...told, replaces: false });
  await requestFold(tx, told.sid, 'registration', told.receivedMs);
}

/**
 * Its time of receipt is when it comes into force: later than the last registration, even if the clocks of
 * several processes disagree, and later than every query that was asked by that one. The next query is
 * deleted, claimed or not; folding plans a new one by the new registration.
 */
async function revise(tx: PoolClient, told: Registration, receivedMs: UnixMs): Promise<void> {
  await insertRevision(tx, { ...told, receivedMs });
  await requestFold(tx, told.sid, 'registration', receivedMs);
  await dropQuery(tx, told.sid);
}
