import type { PoolClient } from 'pg';
import { loadArchivedFacts, saveArchivedFacts, type ArchivedFacts } from '../db/evidence/archived-facts.js';
import { loadEvidenceOf } from '../db/evidence/load-evidence.js';
import { takePending, type PendingEvidence } from '../db/evidence/pending-evidence.js';
import type { StoredSession } from '../db/sessions/sessions.js';
import type { Evidence } from '../evidence/evidence.js';
import { FACTS_SHAPE, noFacts } from '../sessions/facts/facts.js';
import type { FoldRules } from '../sessions/facts/bounds.js';
import { fold, learnedMs } from '../sessions/facts/fold.js';
import type { Folded } from './save-folded.js';

/**
 * Folds all evidence of these sessions, starting from empty facts. A session without any evidence gives no
 * result. Where retention has dropped older evidence, the archived facts are the start. `taken` is the
 * pending evidence that the caller has taken already.
 */
export async function foldFromScratch(
  rules: FoldRules,
  tx: PoolClient,
  sids: readonly string[],
  stored: ReadonlyMap<string, StoredSession>,
  taken: PendingEvidence,
): Promise<Folded[]> {
  if (sids.length === 0) return [];
  const archived = await loadArchivedFacts(tx, sids);
  const { evidence, pending } = await takeAllEvidence(tx, sids, taken);
  const folded: Folded[] = [];
  for (const sid of sids) {
    const before = stored.get(sid) ?? null;
    const all = evidence.get(sid) ?? [];
    const old = archived.get(sid) ?? null;
    const its = pending.filter((piece) => piece.sid === sid);
    if (old !== null) folded.push(await foldOntoArchived(rules, tx, old, all, its, before));
    else if (all.length > 0) folded.push(foldFrom(rules, noFacts(sid), all, its, before));
  }
  return folded;
}

/**
 * Reads all evidence of these sessions and deletes all their pending rows. Evidence that commits during the
 * reading may or may not be included; its pending row shows it, so reading goes on until no pending row is
 * left. (A single snapshot for both would have to begin before the sessions are locked, while another worker
 * may still be folding them.)
 */
async function takeAllEvidence(
  tx: PoolClient,
  sids: readonly string[],
  taken: PendingEvidence,
): Promise<{ evidence: Map<string, Evidence[]>; pending: readonly Evidence[] }> {
  const pending: Evidence[] = [...taken.notices, ...taken.repeats];
  for (;;) {
    const evidence = await loadEvidenceOf(tx, sids);
    const { notices, repeats, others } = await takePending(tx, sids);
    if (notices.length + repeats.length + others.size === 0) return { evidence, pending };
    pending.push(...notices, ...repeats);
  }
}

/**
 * What was received before the archive was made is included in it, except for what reached the ledger only
 * afterwards, from a spool or quarantine. Such evidence still has its pending row, so it is added to the
 * archive in the transaction that deletes that row.
 */
async function foldOntoArchived(
  rules: FoldRules,
  tx: PoolClient,
  { facts, untilMs }: ArchivedFacts,
  evidence: readonly Evidence[],
  pending: readonly Evidence[],
  before: StoredSession | null,
): Promise<Folded> {
  const late = pending.filter((piece) => learnedMs(piece) <= untilMs);
  const known = fold({ ...facts, shape: FACTS_SHAPE }, late, rules);
  if (late.length > 0) await saveArchivedFacts(tx, { facts: known, untilMs });
  const since = evidence.filter((piece) => learnedMs(piece) > untilMs);
  const folded = foldFrom(rules, known, since, pending, before);
  return { ...folded, learned: [...late, ...since], reading: 'onto' };
}

function foldFrom(
  rules: FoldRules,
  known: Folded['facts'],
  learned: readonly Evidence[],
  pending: readonly Evidence[],
  before: StoredSession | null,
): Folded {
  const facts = fold(known, [...learned, ...timePassed(before)], rules);
  return { before, facts, learned, reading: 'scratch', news: newsAmong(learned, pending, before) };
}

/** That time has passed is not stored as evidence, but a refold must not lose it. */
export function timePassed(before: StoredSession | null): readonly Evidence[] {
  if (before === null) return [];
  return [{ kind: 'time_passed', sid: before.sid, untilMs: before.facts.knownUntilMs }];
}

/**
 * Of all evidence of a session that is folded from scratch, the part that had not been folded before: what was
 * pending, and what was learned after everything folded. Empty if only the rules or a decoder have changed.
 */
export function newsAmong(
  evidence: readonly Evidence[],
  pending: readonly Evidence[],
  before: StoredSession | null,
): readonly Evidence[] {
  if (before === null) return evidence;
  const pendingKeys = new Set(pending.flatMap((piece) => (piece.kind === 'notice' ? [piece.eventKey] : [])));
  return evidence.filter(
    (piece) =>
      learnedMs(piece) > before.facts.knownUntilMs || (piece.kind === 'notice' && pendingKeys.has(piece.eventKey)),
  );
}
