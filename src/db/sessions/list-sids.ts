import type { Db } from '../connection/database.js';

/**
 * Every session with evidence, in pages after a sid, including those whose row was dropped. Console tests are
 * left out, unless a session of that name is registered.
 */
export async function listSidsWithEvidence(db: Db, afterSid: string, limit: number): Promise<string[]> {
  const { rows } = await db.pool.query<{ sid: string }>(
    `select told.sid from (
       (select distinct notices.sid from notices
        where notices.sid > $1 and not notices.is_test order by notices.sid limit $2)
       union
       (select registrations.sid from registrations
        where registrations.sid > $1 order by registrations.sid limit $2)
       union
       (select distinct stop_answers.sid from stop_answers
        where stop_answers.sid > $1 order by stop_answers.sid limit $2)
     ) told order by told.sid limit $2`,
    [afterSid, limit],
  );
  return rows.map(({ sid }) => sid);
}
