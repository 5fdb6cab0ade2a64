import { unixMs, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts.js';
import type { Queryable } from './database.js';

/** What a session's evidence received until then amounted to, kept when retention dropped it. */
export type ArchivedFacts = { facts: SessionFacts; untilMs: UnixMs };

export async function findArchivedFacts(db: Queryable, sid: string): Promise<ArchivedFacts | null> {
  const { rows } = await db.query<{ facts: SessionFacts; archived_at: Date }>(
    `select archived_facts.facts, archived_facts.archived_at from archived_facts where archived_facts.sid = $1`,
    [sid],
  );
  const row = rows[0];
  return row === undefined ? null : { facts: row.facts, untilMs: unixMs(row.archived_at.getTime()) }; // prettier-ignore
}
