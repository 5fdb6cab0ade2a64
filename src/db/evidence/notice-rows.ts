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
 * Evidence is stored raw and read through today's decoder, so that a better decoder enriches the whole
 * history. Null for a body that today's decoder cannot read. The identity is the stored one and is not
 * recomputed, because repeated deliveries refer to it.
 */
export function decodeNoticeRow(row: RawNoticeRow): Notice | null {
  const receivedMs = unixMs(row.received_at.getTime());
  const eventKey = row.event_key.replaceAll('-', '');
  return noticeFromRaw(row.raw, { appId: row.app_id, receivedMs }, eventKey);
}
