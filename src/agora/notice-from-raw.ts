import type { Notice } from '../evidence/notice.js';
import { decodeEvent } from './decode-event.js';
import { eventName } from './event-names.js';
import { envelopeFromRaw, type NotificationEnvelope, type Receipt } from './parse-notification.js';

/**
 * Our record of a notification, out of its raw body. Null where it tells of no recording.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#identity
 */
export function noticeFromRaw(raw: string, receipt: Receipt): Notice | null {
  const envelope = envelopeFromRaw(raw, receipt);
  return envelope === null || envelope.sid === '' ? null : noticeOf(envelope, receipt);
}

/** @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#identity */
export function noticeOf(
  { details, noticeKey: _noticeKey, productId: _productId, ...envelope }: NotificationEnvelope,
  receipt: Receipt,
): Notice {
  return {
    kind: 'notice',
    ...receipt,
    ...envelope,
    eventName: eventName(envelope.eventType),
    event: decodeEvent(envelope.eventType, details, envelope),
  };
}
