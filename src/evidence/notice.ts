import type { UnixMs } from './instant.js';
import type { RecordingEvent } from './recording-event.js';

/**
 * Our record of one notification about a recording. Instants come from three clocks: see each field.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#identity
 */
export type Notice = {
  kind: 'notice';
  /** Identity of the event, 32 hex digits: the same for a resent or redundant copy of it. */
  eventKey: string;
  noticeId: string | null;
  appId: string;
  sid: string;
  cname: string | null;
  /** The uid of the recorder that the event is about; changes with a failover. */
  uid: string | null;
  eventType: number;
  /** Agora's `msgName`, or `event_<n>` where no source names it. */
  eventName: string;
  serviceType: number | null;
  serviceScene: string | null;
  sequence: number | null;
  /** Agora's `sendts`: when it happened, by the sender's clock. */
  occurredMs: UnixMs;
  /** Agora's `notifyMs`: when this attempt was sent; another with every resend. */
  notifiedMs: UnixMs | null;
  /** When we received it, by our clock. */
  receivedMs: UnixMs;
  event: RecordingEvent;
};
