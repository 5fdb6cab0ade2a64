import { randomUUID } from 'node:crypto';
import type { UnixMs } from '../evidence/instant.js';

/** A notification that is made here: its text, and the noticeId by which it is found. */
export type MadeNotification = { noticeId: string; body: string };

/**
 * As the console's health check sends one: of no session, and never folded into any.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#delivery
 */
export function makeTestNotification(nowMs: UnixMs): MadeNotification {
  const noticeId = randomUUID().replaceAll('-', '');
  const payload = {
    cname: 'test',
    uid: '0',
    sid: 'test',
    sequence: 0,
    sendts: nowMs,
    serviceType: 1,
    details: { msgName: 'recorder_started', status: 0 },
  };
  const body = { noticeId, productId: 3, eventType: 40, notifyMs: nowMs, sid: 'test', payload };
  return { noticeId, body: JSON.stringify(body) };
}
