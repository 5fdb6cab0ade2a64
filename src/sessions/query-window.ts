import { plusMs, type UnixMs } from '../evidence/instant.js';
import type { Registration } from '../evidence/registration.js';

/** Agora's default of `resourceExpiredHour` ("acquire" page). */
const DEFAULT_EXPIRY_HOURS = 72;
const HOUR_MS = 3_600_000;

/**
 * Until when `query` accepts the session's resourceId; a 404 after that proves nothing, for the
 * recording goes on. Null without a registration: then there is no resourceId to ask with.
 * @see docs/agora.md#outcomes
 */
export function queryableUntil(registration: Registration | null): UnixMs | null {
  if (registration === null) return null;
  const hours = registration.resourceExpiredHour ?? DEFAULT_EXPIRY_HOURS;
  return plusMs(registeredStart(registration), hours * HOUR_MS);
}

/** When `start` was called, as far as its caller told. */
export function registeredStart(registration: Registration): UnixMs {
  return registration.startedMs ?? registration.receivedMs;
}
