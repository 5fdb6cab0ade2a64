import { isConsoleTest, parseNotification } from '../../src/agora/parse-notification.js';
import type { NoticeRow } from '../../src/db/evidence/store-notices.js';
import { unixMs, type UnixMs } from '../../src/evidence/instant.js';
import { at, SID } from './builders.js';

export type RawTold = {
  sid?: string;
  uid?: string;
  sequence?: number;
  serviceType?: number;
  noticeId?: string;
  receivedMs?: UnixMs;
  cname?: string;
};

let made = 0;

/**
 * The row of a notification of `eventType`, `seconds` after the start, as the receiver makes it.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export function aRow(
  seconds: number,
  eventType: number,
  details: Record<string, unknown> = {},
  told: RawTold = {},
): NoticeRow {
  made += 1;
  const { sid = SID, uid = '1', sequence = made, serviceType = 1, cname = 'lesson' } = told;
  const noticeId = told.noticeId ?? `notice-${String(made)}`;
  const payload = { cname, uid, sid, sequence, sendts: at(seconds), serviceType, details };
  const body = { noticeId, productId: 3, eventType, notifyMs: at(seconds) + 50, payload };
  const receivedMs = told.receivedMs ?? unixMs(at(seconds) + 200);
  const parsed = parseNotification(Buffer.from(JSON.stringify(body)), { appId: 'app', receivedMs });
  if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
  const { envelope, raw } = parsed;
  const { notifiedMs: _n, serviceScene: _s, details: _d, cname: _c, ...columns } = envelope;
  return { ...columns, appId: 'app', receivedMs, isTest: isConsoleTest(envelope), raw };
}
