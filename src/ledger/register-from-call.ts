import type { PoolClient } from 'pg';
import { loadRegistrations } from '../db/evidence/registrations.js';
import type { UnixMs } from '../evidence/instant.js';
import type { Registration } from '../evidence/registration.js';
import {
  addRegistration,
  compareRegistrations,
  NO_REGISTRATIONS,
  registrationInForce,
} from '../sessions/facts/registrations.js';
import { storeRegistered } from './register.js';

/**
 * Registers a session by a call about it that Agora accepted. What Agora accepted is right: where it contradicts
 * what somebody told, it replaces that; but a correction that was told after the call stays. The caller holds the
 * session's lock.
 * Ours: docs/decisions/040-a-passed-on-start-registers.md
 */
export async function registerFromCall(tx: PoolClient, told: Registration, nowMs: UnixMs): Promise<void> {
  const known = await loadRegistrations(tx, [told.sid]);
  const inForce = registrationInForce(known.reduce(addRegistration, NO_REGISTRATIONS));
  const corrected = known.some(({ replaces, receivedMs }) => replaces && receivedMs > told.receivedMs);
  const asTold = corrected && inForce !== null ? withStartCall(inForce, told) : told;
  const compared = compareRegistrations(inForce, asTold);
  // A later registration comes into force now: queries until now were asked by the earlier one.
  const receivedMs = compared.kind === 'created' ? told.receivedMs : nowMs;
  const registration = { ...asTold, receivedMs, replaces: compared.kind === 'contradicts' };
  const registered = compared.kind === 'contradicts' ? ({ kind: 'replaced' } as const) : compared;
  await storeRegistered(tx, registration, registered, known);
}

function withStartCall(inForce: Registration, { startCall, receivedMs }: Registration): Registration {
  const { startCall: known, ...told } = inForce;
  const call = startCall ?? known;
  return { ...told, receivedMs, replaces: false, ...(call === undefined ? {} : { startCall: call }) };
}
