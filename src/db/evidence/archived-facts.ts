import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../../sessions/facts/facts.js';
import { upgradeFacts } from '../../sessions/facts/upgrade-facts.js';
import type { Queryable } from '../connection/database.js';

/** What a session's evidence received until then amounted to, kept when retention dropped it. */
export type ArchivedFacts = { facts: SessionFacts; untilMs: UnixMs };

export async function loadArchivedFacts(db: Queryable, sids: readonly string[]): Promise<Map<string, ArchivedFacts>> {
  const { rows } = await db.query<{ sid: string; facts: SessionFacts; archived_at: Date }>(
    `select archived_facts.sid, archived_facts.facts, archived_facts.archived_at
     from archived_facts where archived_facts.sid = any($1::text[])`,
    [sids],
  );
  return new Map(
    rows.map(({ sid, facts, archived_at }) => [
      sid,
      { facts: upgradeFacts(facts), untilMs: unixMs(archived_at.getTime()) },
    ]),
  );
}

/**
 * With what reached the ledger only after the archive was made. The caller holds the session's lock;
 * retention, which makes archives without it, may have made another meanwhile: then all of it has to be
 * done again, which whoever catches this does.
 */
export async function saveArchivedFacts(db: Queryable, { facts, untilMs }: ArchivedFacts): Promise<void> {
  const { rowCount } = await db.query(
    `update archived_facts set facts = $2
     where archived_facts.sid = $1 and archived_facts.archived_at = $3`,
    [facts.sid, JSON.stringify(facts), new Date(untilMs)],
  );
  if (rowCount === 0) throw new Error(`the archive of session ${facts.sid} was made anew while it was folded`);
}

/** How long before an archive is made it ends: only sessions that are at rest for longer get one. */
export const ARCHIVED_AFTER_MS = 1_800_000;

/** Which of these sessions have one. */
export async function findArchived(db: Queryable, sids: readonly string[]): Promise<Set<string>> {
  if (sids.length === 0) return new Set();
  const { rows } = await db.query<{ sid: string }>(
    `select archived_facts.sid from archived_facts where archived_facts.sid = any($1::text[])`,
    [sids],
  );
  return new Set(rows.map(({ sid }) => sid));
}
