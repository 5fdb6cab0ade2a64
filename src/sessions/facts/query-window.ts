import { earlier, plusMs, type UnixMs } from '../../evidence/instant.js';
import type { Registration } from '../../evidence/registration.js';
import type { SessionFacts } from './facts.js';

/**
 * Agora's default of `resourceExpiredHour` ("acquire" page).
 * @see https://docs.agora.io/en/cloud-recording/rest-api/acquire (read 2026-07); docs/agora.md#query-window
 */
const DEFAULT_EXPIRY_HOURS = 72;
const HOUR_MS = 3_600_000;
/**
 * Agora's longest `resourceExpiredHour`; a sign of life dated further back comes from a broken clock.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/acquire (read 2026-07); docs/agora.md#query-window
 */
export const LONGEST_WINDOW_MS = 720 * HOUR_MS;

/**
 * Until when `query` accepts the session's resourceId. A 404 after that proves nothing, because the recording
 * may go on. Counted from the earliest evidence of the session, since a registration may come late. Null
 * without a registration, because then there is no resourceId.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/acquire (read 2026-07); docs/agora.md#query-window
 */
export function queryableUntil({
  registration,
  windowFromMs,
}: Pick<SessionFacts, 'registration' | 'windowFromMs'>): UnixMs | null {
  if (registration === null) return null;
  const hours = registration.resourceExpiredHour ?? DEFAULT_EXPIRY_HOURS;
  const fromMs = earlier(registeredStart(registration), windowFromMs);
  return plusMs(fromMs ?? registration.receivedMs, hours * HOUR_MS);
}

/** When `start` was called, if its caller said so; never later than the registration was received. */
export function registeredStart({ startedMs, receivedMs }: Registration): UnixMs {
  return startedMs !== null && startedMs < receivedMs ? startedMs : receivedMs;
}

/**
 * Answers to queries asked before this say nothing: they were asked by a registration that has been corrected
 * since. Null if there was no correction.
 * Ours: docs/decisions/015-registrations-can-be-corrected.md
 */
export function voidBefore({ registration }: Pick<SessionFacts, 'registration'>): UnixMs | null {
  return registration?.replaces === true ? registration.receivedMs : null;
}
