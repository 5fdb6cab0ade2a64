import type { RecordingEvent } from '../../evidence/recording-event.js';

/**
 * The level of an error that may end the session: then query.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export const FATAL_ERROR_LEVEL = 5;

/**
 * Whether a notice triggers a query: what `query` answers now is worth a call.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#asking
 */
export function asksForQuery(event: RecordingEvent): boolean {
  switch (event.type) {
    case 'error':
      return event.level !== null && event.level >= FATAL_ERROR_LEVEL;
    case 'statusUpdated':
      return event.status !== null && event.status >= 6;
    case 'sessionExit':
    case 'failover':
    case 'recorderLeft':
    case 'webRecorderStopped':
    case 'webCapabilityLimit':
    case 'uploaded':
    case 'backedUp':
      return true;
    default:
      return false;
  }
}
