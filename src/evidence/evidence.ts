import type { UnixMs } from './instant.js';
import type { Notice } from './notice.js';
import type { Observation } from './observation.js';
import type { Registration } from './registration.js';
import type { StopAnswer } from './stop-answer.js';

/** A further delivery of an event that is already known: a resend, or a redundant copy. */
export type RepeatedDelivery = {
  kind: 'repeated_delivery';
  sid: string;
  eventKey: string;
  receivedMs: UnixMs;
};

/**
 * That we waited until then, and all that had been received is folded. It proves no verdict; it makes
 * a missing number one that is missing, and a query window one that is over.
 */
export type TimePassed = { kind: 'time_passed'; sid: string; untilMs: UnixMs };

/** Everything the ledger may conclude anything from. Append-only; kept with its raw form. */
export type Evidence = Notice | RepeatedDelivery | Registration | Observation | StopAnswer | TimePassed;
