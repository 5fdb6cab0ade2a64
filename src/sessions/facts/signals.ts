import type { RecordingEvent } from '../../evidence/recording-event.js';

/** Agora's level of an error that may end the session ("query then", Webhooks page, event 1). */
export const FATAL_ERROR_LEVEL = 5;

/** Whether a notice makes what `query` says now worth one of its calls. */
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
