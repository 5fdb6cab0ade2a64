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

/** Everything the ledger may conclude anything from. Append-only; kept with its raw form. */
export type Evidence = Notice | RepeatedDelivery | Registration | Observation | StopAnswer;
