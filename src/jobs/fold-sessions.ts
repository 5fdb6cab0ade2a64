import type { PoolClient } from 'pg';
import { ARCHIVED_AFTER_MS, findArchived } from '../db/archived-facts.js';
import { NOTHING_PENDING, takePending, type PendingEvidence } from '../db/pending-evidence.js';
import { lockRungSessions } from '../db/session-alarms.js';
import { lockPendingSessions, lockSession } from '../db/session-lock.js';
import { loadSessions, type StoredSession } from '../db/sessions.js';
import { withTransaction } from '../db/with-transaction.js';
import type { Evidence } from '../evidence/evidence.js';
import { plusMs, type UnixMs } from '../evidence/instant.js';
import { FACTS_SHAPE } from '../sessions/facts.js';
import { isStraggler } from '../sessions/fold-notice.js';
import { foldRules, type FoldRules } from '../sessions/bounds.js';
import { fold } from '../sessions/fold.js';
import type { Session } from '../sessions/session.js';
import { foldAlone, togetherOrApart } from './fold-apart.js';
import { foldAnew } from './fold-anew.js';
import type { FoldContext } from './fold-context.js';
import { saveFolded, type Folded } from './save-folded.js';

/**
 * Folds what waits, oldest first, for at most `limit` sessions in one transaction. Returns how many
 * it folded: fewer than `limit` means that nothing more waits, or that somebody else has it.
 *
 * The marks are removed in the transaction that saves what they led to. If the process dies in
 * between, they are there for the next one; if it runs twice, there is nothing left to fold.
 */
export async function foldPending(context: FoldContext, limit: number): Promise<number> {
  const lock = (tx: PoolClient): Promise<string[]> => lockPendingSessions(tx, limit);
  return togetherOrApart(context, lock, (tx, sids) => foldLocked(context, tx, sids));
}

/** Folds what waits for one session, now: for a caller who wants to read the result. */
export async function foldSession(context: FoldContext, sid: string): Promise<void> {
  await foldAlone(context, sid, (tx, sids) => foldLocked(context, tx, sids));
}

/** What a refold found: null where the session reads as before. */
export type RefoldChange = { before: Session | null; after: Session } | null;

/**
 * Folds all evidence of a session anew, as if nothing had been folded yet. The evidence stays as it
 * is, and so does a session, its version and its time, that comes out as it was.
 */
export async function refoldSession(context: FoldContext, sid: string): Promise<RefoldChange> {
  return withTransaction(context.db, async (tx) => {
    await lockSession(tx, sid);
    const stored = await loadSessions(tx, [sid]);
    const before = stored.get(sid) ?? null;
    const [folded] = await foldAnew(foldRules(context.rules), tx, [sid], stored, NOTHING_PENDING);
    if (folded === undefined) return null;
    const [after] = await saveFolded(context, tx, [folded], false);
    return after === undefined ? null : { before: before?.session ?? null, after };
  });
}

async function foldLocked(
  context: FoldContext,
  tx: PoolClient,
  sids: readonly string[],
): Promise<void> {
  const pending = await takePending(tx, sids);
  const stored = await loadSessions(tx, sids);
  const archived = await findArchived(tx, heardLongAgo(pending, context.now()));
  const anew = new Set(sids.filter((sid) => archived.has(sid) || isReadAnew(sid, stored, pending)));
  const onto = [...stored.values()].filter(({ sid }) => !anew.has(sid));
  const rules = foldRules(context.rules);
  const folded = onto.flatMap((before) => foldOnto(rules, before, pending));
  await saveFolded(
    context,
    tx,
    [...folded, ...(await foldAnew(rules, tx, [...anew], stored, pending))],
    false,
  );
}

/**
 * Folds in, for sessions whose alarm is due, that the time has passed and nothing came. Returns how
 * many there were.
 */
export async function foldAlarms(context: FoldContext, limit: number): Promise<number> {
  const nowMs = context.now();
  const lock = (tx: PoolClient): Promise<string[]> => lockRungSessions(tx, nowMs, limit);
  return togetherOrApart(context, lock, (tx, sids) => foldPassed(context, tx, sids, nowMs));
}

async function foldPassed(
  context: FoldContext,
  tx: PoolClient,
  sids: readonly string[],
  nowMs: UnixMs,
): Promise<void> {
  const stored = await loadSessions(tx, sids);
  const folded = [...stored.values()].map((before): Folded => {
    const passed: Evidence = { kind: 'time_passed', sid: before.sid, untilMs: nowMs };
    return { before, facts: fold(before.facts, [passed]), learned: [], anew: false };
  });
  await saveFolded(context, tx, folded, false);
}

/** A first fold, facts that an earlier release wrote, something told beside the notifications, or a notice received before others that are folded. */
function isReadAnew(
  sid: string,
  stored: ReadonlyMap<string, StoredSession>,
  pending: PendingEvidence,
): boolean {
  const facts = stored.get(sid)?.facts;
  if (facts?.shape !== FACTS_SHAPE || pending.others.has(sid)) return true;
  return pending.notices.some((notice) => notice.sid === sid && isStraggler(facts, notice));
}

/** Sessions of which something comes so late that it may have to go into an archive: of a spool, mostly. */
function heardLongAgo({ notices, repeats }: PendingEvidence, nowMs: UnixMs): string[] {
  const sinceMs = plusMs(nowMs, -ARCHIVED_AFTER_MS);
  const old = [...notices, ...repeats].filter(({ receivedMs }) => receivedMs <= sinceMs);
  return [...new Set(old.map(({ sid }) => sid))];
}

/** The new evidence into the saved facts. */
function foldOnto(rules: FoldRules, before: StoredSession, pending: PendingEvidence): Folded[] {
  const isIts = ({ sid }: { sid: string }): boolean => sid === before.sid;
  const learned = [...pending.notices.filter(isIts), ...pending.repeats.filter(isIts)];
  if (learned.length === 0) return [];
  return [{ before, facts: fold(before.facts, learned, rules), learned, anew: false }];
}
