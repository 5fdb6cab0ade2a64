import type { PoolClient } from 'pg';
import type { NoticeRow } from './store-notices.js';

/** Of these notifications those that were never accepted, by neither of their identities. */
export async function onlyUnknown(tx: PoolClient, rows: readonly NoticeRow[]): Promise<NoticeRow[]> {
  const { rows: known } = await tx.query<{ key: string }>(
    `select replace(identities.event_key::text, '-', '') as key from notice_identities as identities
     where identities.event_key = any($1::uuid[])
     union all
     select replace(identities.notice_key::text, '-', '') from notice_identities as identities
     where identities.notice_key = any($2::uuid[])`,
    [rows.map(({ eventKey }) => eventKey), rows.map(({ noticeKey }) => noticeKey)],
  );
  const keys = new Set(known.map(({ key }) => key));
  return rows.filter(({ eventKey, noticeKey }) => !keys.has(eventKey) && !keys.has(noticeKey));
}

/** Of two that take in recorded notifications at once, the second sees what the first stored. */
export async function waitForTurn(tx: PoolClient): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('recording-ledger recorded notices'))`);
}
