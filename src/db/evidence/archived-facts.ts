import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../../sessions/facts/facts.js';
import { upgradeFacts } from '../../sessions/facts/upgrade-facts.js';
import type { Queryable } from '../connection/database.js';

/** The facts of a session's evidence up to `untilMs`, saved when retention dropped that evidence. */
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
 * Saves the archive together with evidence that reached the ledger only after the archive was made. The
 * caller holds the session's lock. Retention makes archives without that lock, so it may have made another
 * one meanwhile: then this throws, and the caller's transaction is repeated.
 */
export async function saveArchivedFacts(db: Queryable, { facts, untilMs }: ArchivedFacts): Promise<void> {
  const { rowCount } = await db.query(
    `update archived_facts set facts = $2
     where archived_facts.sid = $1 and archived_facts.archived_at = $3`,
    [facts.sid, JSON.stringify(facts), new Date(untilMs)],
  );
  if (rowCount === 0) throw new Error(`the archive of session ${facts.sid} was made anew while it was folded`);
}

/** An archive ends this long before the time at which it is made: only sessions at rest for longer get one. */
export const ARCHIVED_AFTER_MS = 1_800_000;

/** Which of these sessions have an archive. */
export async function findArchived(db: Queryable, sids: readonly string[]): Promise<Set<string>> {
  if (sids.length === 0) return new Set();
  const { rows } = await db.query<{ sid: string }>(
    `select archived_facts.sid from archived_facts where archived_facts.sid = any($1::text[])`,
    [sids],
  );
  return new Set(rows.map(({ sid }) => sid));
}
