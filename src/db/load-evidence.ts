import type { Evidence, RepeatedDelivery } from '../evidence/evidence.js';
import { unixMs } from '../evidence/instant.js';
import type { Notice } from '../evidence/notice.js';
import type { Queryable } from './database.js';
import { decodeNoticeRow, type RawNoticeRow } from './notice-rows.js';
import { loadObservations } from './observations.js';
import { findRegistration } from './registrations.js';
import { loadStopAnswers } from './stop-answers.js';

/** All evidence of one session, as it would be folded from nothing: notices in order of receipt. */
export async function loadEvidence(db: Queryable, sid: string): Promise<Evidence[]> {
  const registration = await findRegistration(db, sid);
  return [
    ...(registration === null ? [] : [registration]),
    ...(await loadNotices(db, sid)),
    ...(await loadRepeats(db, sid)),
    ...(await loadObservations(db, sid)),
    ...(await loadStopAnswers(db, sid)),
  ];
}

async function loadNotices(db: Queryable, sid: string): Promise<Notice[]> {
  const { rows } = await db.query<RawNoticeRow>(
    `select notices.sid, notices.app_id, notices.event_key, notices.received_at, notices.raw
     from notices where notices.sid = $1
     order by notices.received_at, notices.event_key`,
    [sid],
  );
  return rows.map(decodeNoticeRow).filter((notice) => notice !== null);
}

async function loadRepeats(db: Queryable, sid: string): Promise<RepeatedDelivery[]> {
  const { rows } = await db.query<{ event_key: string; received_at: Date }>(
    `select repeated_deliveries.event_key, repeated_deliveries.received_at
     from repeated_deliveries where repeated_deliveries.sid = $1
     order by repeated_deliveries.received_at, repeated_deliveries.id`,
    [sid],
  );
  return rows.map((row) => ({
    kind: 'repeated_delivery',
    sid,
    eventKey: row.event_key.replaceAll('-', ''),
    receivedMs: unixMs(row.received_at.getTime()),
  }));
}
