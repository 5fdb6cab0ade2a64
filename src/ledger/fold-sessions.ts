import type { PoolClient } from 'pg';
import { ARCHIVED_AFTER_MS, findArchived } from '../db/evidence/archived-facts.js';
import { measureEvidence } from '../db/evidence/evidence-size.js';
import {
  countPendingRows,
  loadPending,
  NOTHING_PENDING,
  restorePending,
  takePendingRows,
  takePending,
  type PendingEvidence,
} from '../db/evidence/pending-evidence.js';
import { loadPiecewise } from '../db/sessions/piecewise-folds.js';
import { lockSessionsWithDueAlarms } from '../db/sessions/session-alarms.js';
import { lockPendingSessions, lockSession } from '../db/sessions/session-lock.js';
import { loadSessions, type StoredSession } from '../db/sessions/sessions.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import type { Evidence } from '../evidence/evidence.js';
import { plusMs, type UnixMs } from '../evidence/instant.js';
import { FACTS_SHAPE } from '../sessions/facts/facts.js';
import { isStraggler } from '../sessions/facts/fold-notice.js';
import { foldRules, type FoldRules } from '../sessions/facts/bounds.js';
import { fold } from '../sessions/facts/fold.js';
import type { Session } from '../sessions/verdict/session.js';
import { waitUntil } from '../sessions/views/conclude.js';
import { foldAlone, foldTogetherOrEach, type FoldedBatch } from './fold-or-set-aside.js';
import { foldFromScratch } from './fold-from-scratch.js';
import type { FoldContext } from './fold-context.js';
import { restartPieces, beginPieces, foldPieces, PIECE } from './fold-in-pieces.js';
import { saveFolded, type Folded } from './save-folded.js';

/**
 * Folds pending evidence, oldest first, of at most `limit` sessions in one transaction, and no more than one
 * piece of it. A session with more evidence than that is folded in pieces, which begins here.
 *
 * The pending rows are deleted in the transaction that saves the result. If the process dies before the
 * commit, they are still there for the next one; a second run finds nothing left to fold.
 */
export async function foldPending(context: FoldContext, limit: number): Promise<FoldedBatch> {
  const lock = (tx: PoolClient): Promise<string[]> => lockPendingSessions(tx, limit);
  const batch = await foldTogetherOrEach(context, lock, (tx, sids) => foldLocked(context, tx, sids));
  return { ...batch, more: batch.more || batch.sessions >= limit };
}

const READ_RESULT_WITHIN_MS = 5_000;

/**
 * Folds one session's pending evidence now, for a caller that wants to read the result. If that takes too
 * long, the rest is folded later.
 */
export async function foldSession(context: FoldContext, sid: string): Promise<void> {
  await foldPieces(context, sid, READ_RESULT_WITHIN_MS);
  await foldAlone(context, sid, (tx, sids) => foldLocked(context, tx, sids));
  await foldPieces(context, sid, READ_RESULT_WITHIN_MS);
}

/** The change that a refold made; null if the session is as before. */
export type RefoldChange = { before: Session | null; after: Session } | null;

/**
 * Folds all evidence of a session again from scratch. The evidence stays as it is. A session whose result is
 * unchanged keeps its version and time.
 */
export async function refoldSession(context: FoldContext, sid: string): Promise<RefoldChange> {
  const change = await withTransaction(context.db, async (tx) => {
    await lockSession(tx, sid);
    return refoldLocked(context, tx, sid);
  });
  if (change !== 'in_pieces') return change;
  const done = await foldPieces(context, sid);
  return done?.session == null ? null : { before: done.before, after: done.session };
}

async function refoldLocked(context: FoldContext, tx: PoolClient, sid: string): Promise<RefoldChange | 'in_pieces'> {
  const large = await findLarge(tx, [sid], await findArchived(tx, [sid]));
  if (large.tooLarge.length > 0 || (await loadPiecewise(tx, sid)) !== null) {
    await restartPieces(context, tx, sid);
    return 'in_pieces';
  }
  const stored = await loadSessions(tx, [sid]);
  const before = stored.get(sid) ?? null;
  const [folded] = await foldFromScratch(foldRules(context.rules), tx, [sid], stored, NOTHING_PENDING);
  if (folded === undefined) return null;
  const [after] = await saveFolded(context, tx, [folded]);
  return after === undefined ? null : { before: before?.session ?? null, after };
}

/** Folds as much of these sessions' pending evidence as one transaction may take. Returns whether more of it waits. */
async function foldLocked(context: FoldContext, tx: PoolClient, sids: readonly string[]): Promise<boolean> {
  const counts = await countPendingRows(tx, sids, PIECE.evidence);
  const few = withinPiece(counts.filter(({ waiting }) => waiting <= PIECE.evidence));
  const rows = await takePendingRows(tx, few);
  const pending = await loadPending(tx, rows, PIECE.bytes);
  const stored = await loadSessions(
    tx,
    counts.map(({ sid }) => sid),
  );
  const archived = await findArchived(tx, heardLongAgo(pending, context.now()));
  const whole = few.filter((sid) => !pending.cut.has(sid));
  const anew = whole.filter((sid) => archived.has(sid) || isReadAnew(sid, stored, pending));
  const { fitting, tooLarge, later } = await findLarge(tx, anew, archived);
  const isLeft = new Set([...pending.cut, ...tooLarge, ...later]);
  await restorePending(
    tx,
    rows.filter(({ sid }) => isLeft.has(sid)),
  );
  const taken = whole.filter((sid) => !isLeft.has(sid));
  const folded = await foldTaken(context, tx, taken, fitting, stored, pending);
  const many = counts.filter((one) => one.waiting > PIECE.evidence).map(({ sid }) => sid);
  const begun = await beginAll(context, tx, [...many, ...pending.cut], stored);
  for (const sid of tooLarge) await restartPieces(context, tx, sid);
  await saveFolded(context, tx, [...folded, ...begun]);
  return isLeft.size > 0 || few.length < counts.length;
}

/**
 * Begins to fold sessions in pieces. A session with archived facts is folded at once instead, because its
 * pending rows tell what has to be added to the archive.
 */
async function beginAll(
  context: FoldContext,
  tx: PoolClient,
  sids: readonly string[],
  stored: ReadonlyMap<string, StoredSession>,
): Promise<Folded[]> {
  const archived = await findArchived(tx, sids);
  const folded: Folded[] = [];
  for (const sid of sids) {
    if (!archived.has(sid)) folded.push(...(await beginPieces(context, tx, sid, stored.get(sid) ?? null)));
    else
      folded.push(
        ...(await foldFromScratch(foldRules(context.rules), tx, [sid], stored, await takePending(tx, [sid]))),
      );
  }
  return folded;
}

/** The first sessions whose pending rows together do not exceed one piece. */
function withinPiece(counts: readonly { sid: string; waiting: number }[]): string[] {
  let sum = 0;
  return counts.filter(({ waiting }) => (sum += waiting) <= PIECE.evidence).map(({ sid }) => sid);
}

type BySize = { fitting: string[]; tooLarge: string[]; later: string[] };

/**
 * Sorts sessions that must be folded from scratch into those that fit into this transaction, those that would
 * fit into none, and those that must wait for the next. A session with archived facts always fits.
 */
async function findLarge(tx: PoolClient, sids: readonly string[], archived: ReadonlySet<string>): Promise<BySize> {
  const sizes = await measureEvidence(
    tx,
    sids.filter((sid) => !archived.has(sid)),
    PIECE.evidence + 1,
  );
  const found: BySize = { fitting: [], tooLarge: [], later: [] };
  const sum = { evidence: 0, bytes: 0 };
  for (const sid of sids) {
    const { evidence, bytes } = sizes.get(sid) ?? { evidence: 0, bytes: 0 };
    if (evidence > PIECE.evidence || bytes > PIECE.bytes) found.tooLarge.push(sid);
    else if (sum.evidence + evidence > PIECE.evidence || sum.bytes + bytes > PIECE.bytes) found.later.push(sid);
    else {
      found.fitting.push(sid);
      sum.evidence += evidence;
      sum.bytes += bytes;
    }
  }
  return found;
}

async function foldTaken(
  context: FoldContext,
  tx: PoolClient,
  sids: readonly string[],
  anew: readonly string[],
  stored: ReadonlyMap<string, StoredSession>,
  pending: PendingEvidence,
): Promise<Folded[]> {
  const isAnew = new Set(anew);
  const rules = foldRules(context.rules);
  const onto = sids.flatMap((sid) => (isAnew.has(sid) ? [] : [stored.get(sid)]));
  const folded = onto.flatMap((before) => (before === undefined ? [] : foldOnto(rules, before, pending)));
  const readAnew = await foldFromScratch(rules, tx, anew, stored, ofSessions(pending, isAnew));
  return [...folded, ...readAnew];
}

function ofSessions(pending: PendingEvidence, sids: ReadonlySet<string>): PendingEvidence {
  return {
    notices: pending.notices.filter(({ sid }) => sids.has(sid)),
    repeats: pending.repeats.filter(({ sid }) => sids.has(sid)),
    others: pending.others,
  };
}

/** Folds the passing of time into sessions whose alarm is due. Returns how many there were. */
export async function foldAlarms(context: FoldContext, limit: number): Promise<number> {
  const nowMs = context.now();
  const lock = (tx: PoolClient): Promise<string[]> => lockSessionsWithDueAlarms(tx, nowMs, limit);
  const { sessions } = await foldTogetherOrEach(context, lock, (tx, sids) => foldPassed(context, tx, sids, nowMs));
  return sessions;
}

async function foldPassed(
  context: FoldContext,
  tx: PoolClient,
  sids: readonly string[],
  nowMs: UnixMs,
): Promise<boolean> {
  const stored = await loadSessions(tx, sids);
  const folded = [...stored.values()].map((before): Folded => {
    const passed: Evidence = { kind: 'time_passed', sid: before.sid, untilMs: nowMs };
    const facts = waitUntil(before.facts, nowMs, context.rules);
    return { before, facts, learned: [], reading: 'onto', news: [passed] };
  });
  await saveFolded(context, tx, folded);
  return false;
}

/**
 * Whether a session must be folded from scratch: it is new, its facts were written by an earlier release,
 * evidence other than notifications came, or a notice was received before others that are folded.
 */
function isReadAnew(sid: string, stored: ReadonlyMap<string, StoredSession>, pending: PendingEvidence): boolean {
  const facts = stored.get(sid)?.facts;
  if (facts?.shape !== FACTS_SHAPE || pending.others.has(sid)) return true;
  return pending.notices.some((notice) => notice.sid === sid && isStraggler(facts, notice));
}

/** Sessions with evidence that comes so late, mostly from a spool, that it may belong in an archive. */
function heardLongAgo({ notices, repeats }: PendingEvidence, nowMs: UnixMs): string[] {
  const sinceMs = plusMs(nowMs, -ARCHIVED_AFTER_MS);
  const old = [...notices, ...repeats].filter(({ receivedMs }) => receivedMs <= sinceMs);
  return [...new Set(old.map(({ sid }) => sid))];
}

/** Folds the new evidence into the saved facts. */
function foldOnto(rules: FoldRules, before: StoredSession, pending: PendingEvidence): Folded[] {
  const isIts = ({ sid }: { sid: string }): boolean => sid === before.sid;
  const learned = [...pending.notices.filter(isIts), ...pending.repeats.filter(isIts)];
  if (learned.length === 0) return [];
  return [{ before, facts: fold(before.facts, learned, rules), learned, reading: 'onto', news: learned }];
}
