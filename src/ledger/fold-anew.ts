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
 * All evidence into none. Where there is none at all there is no session; where retention has dropped
 * the older evidence, what that amounted to stands for it. `taken` is what was marked as new already.
 */
export async function foldAnew(
  rules: FoldRules,
  tx: PoolClient,
  sids: readonly string[],
  stored: ReadonlyMap<string, StoredSession>,
  taken: PendingEvidence,
): Promise<Folded[]> {
  if (sids.length === 0) return [];
  const archived = await loadArchivedFacts(tx, sids);
  const { evidence, marked } = await takeAllEvidence(tx, sids, taken);
  const folded: Folded[] = [];
  for (const sid of sids) {
    const before = stored.get(sid) ?? null;
    const all = evidence.get(sid) ?? [];
    const old = archived.get(sid) ?? null;
    const its = marked.filter((piece) => piece.sid === sid);
    if (old !== null) folded.push(await foldOntoArchived(rules, tx, old, all, its, before));
    else if (all.length > 0) folded.push(foldFrom(rules, noFacts(sid), all, its, before));
  }
  return folded;
}

/**
 * All evidence there is of these sessions, and no mark of any of it left. What commits while it is
 * read may be among it or not; its mark tells, so reading goes on until no mark turns up. (One snapshot
 * for both would have to be taken before the sessions' locks, when somebody else may still be folding.)
 */
async function takeAllEvidence(
  tx: PoolClient,
  sids: readonly string[],
  taken: PendingEvidence,
): Promise<{ evidence: Map<string, Evidence[]>; marked: readonly Evidence[] }> {
  const marked: Evidence[] = [...taken.notices, ...taken.repeats];
  for (;;) {
    const evidence = await loadEvidenceOf(tx, sids);
    const { notices, repeats, others } = await takePending(tx, sids);
    if (notices.length + repeats.length + others.size === 0) return { evidence, marked };
    marked.push(...notices, ...repeats);
  }
}

/**
 * What was received before the archive was made is in it, but for what only reached the ledger
 * afterwards, out of a spool or quarantine. That is told by its mark, which it has once: so it goes into
 * the archive too, in the transaction that takes the mark away.
 */
async function foldOntoArchived(
  rules: FoldRules,
  tx: PoolClient,
  { facts, untilMs }: ArchivedFacts,
  evidence: readonly Evidence[],
  marked: readonly Evidence[],
  before: StoredSession | null,
): Promise<Folded> {
  const late = marked.filter((piece) => learnedMs(piece) <= untilMs);
  const known = fold({ ...facts, shape: FACTS_SHAPE }, late, rules);
  if (late.length > 0) await saveArchivedFacts(tx, { facts: known, untilMs });
  const since = evidence.filter((piece) => learnedMs(piece) > untilMs);
  const folded = foldFrom(rules, known, since, marked, before);
  return { ...folded, learned: [...late, ...since], reading: 'onto' };
}

function foldFrom(
  rules: FoldRules,
  known: Folded['facts'],
  learned: readonly Evidence[],
  marked: readonly Evidence[],
  before: StoredSession | null,
): Folded {
  // Having waited is not kept as evidence, but it is not unlearned either.
  const untilMs = before?.facts.knownUntilMs;
  const { sid } = known;
  const waited: Evidence[] = untilMs === undefined ? [] : [{ kind: 'time_passed', sid, untilMs }];
  const facts = fold(known, [...learned, ...waited], rules);
  return { before, facts, learned, reading: 'anew', news: newsAmong(learned, marked, before) };
}

/**
 * Of all evidence of a session that is read anew, what it was not folded from before: what was marked as new, and
 * what was learned after all that is folded. None, where only the rules or a decoder are others.
 */
export function newsAmong(
  evidence: readonly Evidence[],
  marked: readonly Evidence[],
  before: StoredSession | null,
): readonly Evidence[] {
  if (before === null) return evidence;
  const isMarked = new Set(marked.flatMap((piece) => (piece.kind === 'notice' ? [piece.eventKey] : [])));
  return evidence.filter(
    (piece) =>
      learnedMs(piece) > before.facts.knownUntilMs || (piece.kind === 'notice' && isMarked.has(piece.eventKey)),
  );
}
