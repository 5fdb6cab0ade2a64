import type { Notice } from '../evidence/notice.js';
import { decodeEvent } from './decode-event.js';
import { eventName } from './event-names.js';
import { contentsFromRaw, type NotificationContents, type Receipt } from './parse-notification.js';

/**
 * Our record of a notification, out of its raw body and under the identity that it was stored by.
 * Null where it tells of no recording.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#identity
 */
export function noticeFromRaw(raw: string, receipt: Receipt, eventKey: string): Notice | null {
  const contents = contentsFromRaw(raw, receipt);
  return contents === null || contents.sid === '' ? null : noticeOf(contents, receipt, eventKey);
}

/** @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#identity */
export function noticeOf(contents: NotificationContents, { appId, receivedMs }: Receipt, eventKey: string): Notice {
  const { noticeId, eventType, sid, cname, uid, details } = contents;
  const { serviceType, serviceScene, sequence, occurredMs, notifiedMs } = contents;
  return {
    kind: 'notice',
    eventKey,
    noticeId,
    appId,
    sid,
    cname,
    uid,
    eventType,
    eventName: eventName(eventType),
    serviceType,
    serviceScene,
    sequence,
    occurredMs,
    notifiedMs,
    receivedMs,
    event: decodeEvent(eventType, details, contents),
  };
}
