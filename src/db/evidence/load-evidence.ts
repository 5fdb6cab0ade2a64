import type { Evidence, RepeatedDelivery } from '../../evidence/evidence.js';
import { unixMs } from '../../evidence/instant.js';
import type { Notice } from '../../evidence/notice.js';
import type { Queryable } from '../connection/database.js';
import { loadLooks } from './bucket-looks.js';
import { decodeNoticeRow, type RawNoticeRow } from './notice-rows.js';
import { loadObservations } from './observations.js';
import { loadPassedCalls } from './passed-calls.js';
import { loadRegistrations } from './registrations.js';
import { loadStopAnswers } from './stop-answers.js';

/** All evidence of one session in the order for folding it from scratch: notices in order of receipt. */
export async function loadEvidence(db: Queryable, sid: string): Promise<Evidence[]> {
  return (await loadEvidenceOf(db, [sid])).get(sid) ?? [];
}

/** The same for several sessions, with as many statements as for one. */
export async function loadEvidenceOf(db: Queryable, sids: readonly string[]): Promise<Map<string, Evidence[]>> {
  const all: Evidence[] = [
    ...(await loadRegistrations(db, sids)),
    ...(await loadNotices(db, sids)),
    ...(await loadRepeats(db, sids)),
    ...(await loadObservations(db, sids)),
    ...(await loadStopAnswers(db, sids)),
    ...(await loadPassedCalls(db, sids)),
    ...(await loadLooks(db, sids)),
  ];
  const bySid = new Map<string, Evidence[]>(sids.map((sid) => [sid, []]));
  for (const piece of all) bySid.get(piece.sid)?.push(piece);
  return bySid;
}

async function loadNotices(db: Queryable, sids: readonly string[]): Promise<Notice[]> {
  const { rows } = await db.query<RawNoticeRow>(
    `select notices.sid, notices.app_id, notices.event_key, notices.received_at, notices.raw
     from notices where notices.sid = any($1::text[])
     order by notices.received_at, notices.event_key`,
    [sids],
  );
  return rows.map(decodeNoticeRow).filter((notice) => notice !== null);
}

async function loadRepeats(db: Queryable, sids: readonly string[]): Promise<RepeatedDelivery[]> {
  const { rows } = await db.query<{ sid: string; event_key: string; received_at: Date }>(
    `select repeated_deliveries.sid, repeated_deliveries.event_key, repeated_deliveries.received_at
     from repeated_deliveries where repeated_deliveries.sid = any($1::text[])
     order by repeated_deliveries.received_at, repeated_deliveries.id`,
    [sids],
  );
  return rows.map((row) => ({
    kind: 'repeated_delivery',
    sid: row.sid,
    eventKey: row.event_key.replaceAll('-', ''),
    receivedMs: unixMs(row.received_at.getTime()),
  }));
}
