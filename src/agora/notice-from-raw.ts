import type { Notice } from '../evidence/notice.js';
import { decodeEvent } from './decode-event.js';
import { eventName } from './event-names.js';
import { envelopeFromRaw, type NotificationEnvelope, type Receipt } from './parse-notification.js';

/** Our record of a notification, out of its raw body. Null where it tells of no recording. */
export function noticeFromRaw(raw: string, receipt: Receipt): Notice | null {
  const envelope = envelopeFromRaw(raw, receipt);
  return envelope === null || envelope.sid === '' ? null : noticeOf(envelope, receipt);
}

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
