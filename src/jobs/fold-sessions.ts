import type { PoolClient } from 'pg';
import { loadEvidence } from '../db/load-evidence.js';
import { findArchivedFacts } from '../db/archived-facts.js';
import { dropPending, takePending, type PendingEvidence } from '../db/pending-evidence.js';
import { lockRungSessions } from '../db/session-alarms.js';
import { lockPendingSessions, lockSession } from '../db/session-lock.js';
import { loadSessions, type StoredSession } from '../db/sessions.js';
import { withTransaction } from '../db/with-transaction.js';
import type { Evidence } from '../evidence/evidence.js';
import type { UnixMs } from '../evidence/instant.js';
import { noFacts } from '../sessions/facts.js';
import { isStraggler } from '../sessions/fold-notice.js';
import { fold } from '../sessions/fold.js';
import type { Session } from '../sessions/session.js';
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
  return withTransaction(context.db, async (tx) => {
    const sids = await lockPendingSessions(tx, limit);
    if (sids.length > 0) await foldLocked(context, tx, sids);
    return sids.length;
  });
}

/** Folds what waits for one session, now: for a caller who wants to read the result. */
export async function foldSession(context: FoldContext, sid: string): Promise<void> {
  await withTransaction(context.db, async (tx) => {
    await lockSession(tx, sid);
    await foldLocked(context, tx, [sid]);
  });
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
    const before = (await loadSessions(tx, [sid])).get(sid) ?? null;
    const folded = await foldAnew(tx, sid, before);
    if (folded === null) return null;
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
  const folded: Folded[] = [];
  for (const sid of sids) {
    const one = await foldOne(tx, sid, stored.get(sid) ?? null, pending);
    if (one !== null) folded.push(one);
  }
  await saveFolded(context, tx, folded, false);
}

/**
 * Folds in, for sessions whose alarm is due, that the time has passed and nothing came. Returns how
 * many there were.
 */
export async function foldAlarms(context: FoldContext, limit: number): Promise<number> {
  return withTransaction(context.db, async (tx) => {
    const nowMs = context.now();
    const sids = await lockRungSessions(tx, nowMs, limit);
    const stored = await loadSessions(tx, sids);
    const folded = [...stored.values()].map((before): Folded => {
      const passed: Evidence = { kind: 'time_passed', sid: before.sid, untilMs: nowMs };
      return { before, facts: fold(before.facts, [passed]), learned: [], anew: false };
    });
    await saveFolded(context, tx, folded, false);
    return sids.length;
  });
}

/**
 * The new evidence into the saved facts, or all of it into none: for a first fold, for something
 * told beside the notifications, and when a notice was received before others that are folded.
 */
async function foldOne(
  tx: PoolClient,
  sid: string,
  before: StoredSession | null,
  pending: PendingEvidence,
): Promise<Folded | null> {
  const notices = pending.notices.filter((notice) => notice.sid === sid);
  const repeats = pending.repeats.filter((repeat) => repeat.sid === sid);
  const facts = before?.facts ?? null;
  const anew =
    facts === null ||
    pending.others.has(sid) ||
    notices.some((notice) => isStraggler(facts, notice));
  if (anew) return foldAnew(tx, sid, before);
  const learned = [...notices, ...repeats];
  return learned.length === 0 ? null : { before, facts: fold(facts, learned), learned, anew };
}

/**
 * All evidence there is, and no mark of any of it left. What commits while it is read may be among it
 * or not; its mark tells, so reading goes on until no mark turns up. (One snapshot for both would have
 * to be taken before the session's lock, when somebody else may still be folding it.)
 */
async function takeAllEvidence(tx: PoolClient, sid: string): Promise<Evidence[]> {
  for (;;) {
    const evidence = await loadEvidence(tx, sid);
    if ((await dropPending(tx, sid)) === 0) return evidence;
  }
}

/**
 * Null when there is no evidence at all: then there is no session. Where retention has dropped the
 * older evidence, what that amounted to stands for it.
 */
async function foldAnew(
  tx: PoolClient,
  sid: string,
  before: StoredSession | null,
): Promise<Folded | null> {
  const archived = await findArchivedFacts(tx, sid);
  const evidence = await takeAllEvidence(tx, sid);
  const learned = archived === null ? evidence : evidence.filter((piece) => heardMs(piece) > archived.untilMs); // prettier-ignore
  if (evidence.length === 0 && archived === null) return null;
  // Having waited is not kept as evidence, but it is not unlearned either.
  const untilMs = before?.facts.knownUntilMs;
  const waited: Evidence[] = untilMs === undefined ? [] : [{ kind: 'time_passed', sid, untilMs }];
  const facts = fold(archived?.facts ?? noFacts(sid), [...learned, ...waited]);
  return { before, facts, learned, anew: true };
}

/** When we heard of it. */
function heardMs(piece: Evidence): UnixMs {
  if (piece.kind === 'observation') return piece.lastAnsweredMs;
  return piece.kind === 'time_passed' ? piece.untilMs : piece.receivedMs;
}
