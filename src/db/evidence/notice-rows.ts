import { noticeFromRaw } from '../../agora/notice-from-raw.js';
import { unixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';

export type RawNoticeRow = {
  sid: string;
  app_id: string;
  event_key: string;
  received_at: Date;
  raw: string;
};

/**
 * Evidence is kept raw and read through today's decoder, so that a decoder that learned something
 * new makes the whole history richer. Null for a body that today's decoder cannot read. Its identity
 * is the one it was stored under, and is not made anew: repeated deliveries name it by that.
 */
export function decodeNoticeRow(row: RawNoticeRow): Notice | null {
  const receivedMs = unixMs(row.received_at.getTime());
  const eventKey = row.event_key.replaceAll('-', '');
  return noticeFromRaw(row.raw, { appId: row.app_id, receivedMs }, eventKey);
}
