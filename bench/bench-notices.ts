import { parseNotification } from '../src/agora/parse-notification.js';
import { noticeRow } from '../src/db/evidence/incoming-rows.js';
import type { NoticeRow } from '../src/db/evidence/store-notices.js';
import { DAY_MS, unixMs } from '../src/evidence/instant.js';

/** How a session's notices are numbered. */
export type Numbering = { sequence: (n: number) => number; serviceType: (n: number) => number };

export const IN_ORDER: Numbering = { sequence: (n) => n, serviceType: () => 2 };
/** Two modules share one count, and take turns. */
export const ALTERNATING: Numbering = { sequence: (n) => n, serviceType: (n) => 1 + (n % 2) };
/** Every second number of the module is missing. */
export const HALVED: Numbering = { sequence: (n) => 2 * n, serviceType: () => 2 };

/** Event 45, a screenshot's file, one each 5 s. */
export function snapshotRow(sid: string, n: number, numbering: Numbering = IN_ORDER): NoticeRow {
  const sentMs = Date.now() - DAY_MS + n * 5_000;
  const fileName = `${sid}_channel__uid_s_1__uid_e_video_${String(20_261_121_000_000_000 + n)}.jpg`;
  const details = { msgName: 'recorder_snapshot_file', fileName };
  const payload = {
    cname: 'channel',
    uid: '1',
    sid,
    sequence: numbering.sequence(n),
    sendts: sentMs,
    serviceType: numbering.serviceType(n),
    details,
  };
  const body = JSON.stringify({
    noticeId: `${sid}${String(n)}`,
    productId: 3,
    eventType: 45,
    notifyMs: sentMs,
    payload,
  });
  const receivedMs = unixMs(Date.now());
  const parsed = parseNotification(Buffer.from(body), { appId: 'bench', receivedMs });
  if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
  return noticeRow(parsed, 'bench', receivedMs);
}
