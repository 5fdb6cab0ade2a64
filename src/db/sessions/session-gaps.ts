import type { PoolClient } from 'pg';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Gap } from '../../sessions/verdict/gaps.js';
import { markDays } from '../reporting/rollup-marks.js';

export type SessionGaps = { sid: string; gaps: readonly Gap[] };

/** Replaces the lists of these sessions, for reporting. The caller holds the sessions' locks. */
export async function saveGaps(tx: PoolClient, changed: readonly SessionGaps[], nowMs: UnixMs): Promise<void> {
  if (changed.length === 0) return;
  const { rows: former } = await tx.query<{ revealed_at: Date }>(
    `delete from session_gaps where session_gaps.sid = any($1::text[]) returning session_gaps.revealed_at`,
    [changed.map(({ sid }) => sid)],
  );
  const rows = changed.flatMap(({ sid, gaps }) => gaps.map((gap) => ({ sid, ...gap })));
  const revealed = [...former.map((row) => unixMs(row.revealed_at.getTime())), ...rows.map((row) => row.revealedMs)];
  await markDays(
    tx,
    revealed.map((atMs) => ({ kind: 'deliveries', atMs })),
    nowMs,
  );
  if (rows.length === 0) return;
  await tx.query(
    `insert into session_gaps (sid, uid, service_type, first_missing, last_missing, revealed_at, settled_at, settled_by)
     select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[],
                          $6::timestamptz[], $7::timestamptz[], $8::text[])`,
    [
      rows.map((row) => row.sid),
      rows.map((row) => row.uid),
      rows.map((row) => row.serviceType),
      rows.map((row) => row.from),
      rows.map((row) => row.to),
      rows.map((row) => new Date(row.revealedMs)),
      rows.map((row) => (row.settledMs === null ? null : new Date(row.settledMs))),
      rows.map((row) => row.settledBy),
    ],
  );
}
