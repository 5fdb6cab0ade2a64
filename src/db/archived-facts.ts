import { unixMs, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts.js';
import type { Queryable } from './database.js';
import { toFacts, type StoredFacts } from './stored-facts.js';

/** What a session's evidence received until then amounted to, kept when retention dropped it. */
export type ArchivedFacts = { facts: SessionFacts; untilMs: UnixMs };

export async function loadArchivedFacts(
  db: Queryable,
  sids: readonly string[],
): Promise<Map<string, ArchivedFacts>> {
  const { rows } = await db.query<{ sid: string; facts: StoredFacts; archived_at: Date }>(
    `select archived_facts.sid, archived_facts.facts, archived_facts.archived_at
     from archived_facts where archived_facts.sid = any($1::text[])`,
    [sids],
  );
  return new Map(
    rows.map(({ sid, facts, archived_at }) => [sid, { facts: toFacts(facts), untilMs: unixMs(archived_at.getTime()) }]), // prettier-ignore
  );
}
