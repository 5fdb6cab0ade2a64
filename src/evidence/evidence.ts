import type { BucketLook } from './bucket-look.js';
import type { UnixMs } from './instant.js';
import type { Notice } from './notice.js';
import type { Observation } from './observation.js';
import type { PassedCall } from './passed-call.js';
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
 * Says that the time has passed, and that everything received until then is folded. It proves no verdict; it
 * only makes a late sequence number count as missing, and a query window as over.
 */
export type TimePassed = { kind: 'time_passed'; sid: string; untilMs: UnixMs };

/** Everything the ledger may conclude anything from. Append-only; kept with its raw form. */
export type Evidence =
  Notice | RepeatedDelivery | Registration | Observation | StopAnswer | PassedCall | BucketLook | TimePassed;
