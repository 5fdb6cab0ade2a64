import type { PoolClient } from 'pg';
import { HIGHEST_KEY, takeNoticePage, type PageSize } from '../db/evidence/notice-pages.js';
import { loadLooks } from '../db/evidence/bucket-looks.js';
import { loadObservationPage } from '../db/evidence/observations.js';
import {
  dropPending,
  dropPendingAndCountAll,
  hasPendingRefold,
  loadPending,
  sumUpPending,
  takePendingRowsAt,
} from '../db/evidence/pending-evidence.js';
import {
  endPiecewise,
  listPiecewise,
  loadPiecewise,
  savePiecewise,
  type PiecewiseFold,
} from '../db/sessions/piecewise-folds.js';
import { loadRegistrations } from '../db/evidence/registrations.js';
import { forgetFiles, saveFiles } from '../db/sessions/session-files.js';
import { lockSession, tryLockSession } from '../db/sessions/session-lock.js';
import { loadSessions, type StoredSession } from '../db/sessions/sessions.js';
import { loadStopAnswers } from '../db/evidence/stop-answers.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import type { Evidence } from '../evidence/evidence.js';
import { foldRules } from '../sessions/facts/bounds.js';
import { FACTS_SHAPE, noFacts, type SessionFacts } from '../sessions/facts/facts.js';
import { filesNamedBy } from '../sessions/facts/files.js';
import { fold, foldRepeats } from '../sessions/facts/fold.js';
import type { Session } from '../sessions/verdict/session.js';
import { newsAmong, timePassed } from './fold-from-scratch.js';
import { foldOrSetAside } from './fold-or-set-aside.js';
import type { FoldContext } from './fold-context.js';
import { saveFolded, type Folded } from './save-folded.js';

/**
 * How much evidence is folded in one transaction: a tenth of a second's work. Twice as much would block the
 * process's other work for twice as long; half as much would save every session twice as often.
 */
export const PIECE: PageSize = { evidence: 1_000, bytes: 8_388_608 };

/** The result of folding a piece; `session` is the new version, if there is one. */
export type Piece = { kind: 'more' } | { kind: 'done'; before: Session | null; session: Session | null };

/**
 * Begins to fold a session in pieces because its evidence is too much for one transaction. The pieces are
 * added to its saved facts where that is possible; else the session is folded from scratch. From now on its
 * notices are read from their table in order, so all its pending rows are deleted at once. Returns what is
 * folded already; the caller, which holds the session's lock, saves it.
 */
export async function beginPieces(
  context: FoldContext,
  tx: PoolClient,
  sid: string,
  stored: StoredSession | null,
): Promise<Folded[]> {
  const { others, earliestMs } = await sumUpPending(tx, sid);
  const facts = stored?.facts;
  const highestMs = facts?.arrivals.order.receivedMs ?? 0;
  const isAnew = facts?.shape !== FACTS_SHAPE || others || (earliestMs ?? highestMs) < highestMs;
  if (stored !== null && !isAnew) return [await beginOnto(context, tx, stored)];
  await restartPieces(context, tx, sid);
  return [];
}

/** Begins to fold a session in pieces from empty facts. */
export async function restartPieces(context: FoldContext, tx: PoolClient, sid: string): Promise<void> {
  const repeats = await dropPendingAndCountAll(tx, sid);
  const told = [
    ...(await loadRegistrations(tx, [sid])),
    ...(await loadStopAnswers(tx, [sid])),
    ...(await loadLooks(tx, [sid])),
  ];
  const facts = foldRepeats(fold(noFacts(sid), told, foldRules(context.rules)), repeats);
  await forgetFiles(tx, [sid]);
  await saveFilesOf(tx, sid, told);
  await savePiecewise(tx, { sid, facts, notices: null, observations: null });
}

/** Begins after the last folded notice. Pending notices of that same millisecond are folded now. */
async function beginOnto(context: FoldContext, tx: PoolClient, before: StoredSession): Promise<Folded> {
  const { sid } = before;
  const lastMs = before.facts.arrivals.order.receivedMs;
  const rows = lastMs === null ? [] : await takePendingRowsAt(tx, sid, lastMs);
  const { notices } = await loadPending(tx, rows, Number.MAX_SAFE_INTEGER);
  const repeats = await dropPending(tx, sid);
  const facts = foldRepeats(fold(before.facts, notices, foldRules(context.rules)), repeats);
  const position = lastMs === null ? null : { receivedAt: new Date(lastMs), eventKey: HIGHEST_KEY };
  await savePiecewise(tx, { sid, facts: null, notices: position, observations: null });
  return { before, facts, learned: notices, reading: 'onto', news: notices };
}

/**
 * Folds one piece of the session that has waited longest for its next piece. Returns false if there is none.
 * If the process dies, another one continues after the last piece; two workers at once work on two sessions.
 */
export async function foldNextPiece(context: FoldContext): Promise<boolean> {
  for (const sid of await listPiecewise(context.db.pool)) {
    const turn = { taken: false };
    await foldOrSetAside(context, sid, () =>
      withTransaction(context.db, async (tx) => {
        if (!(await tryLockSession(tx, sid))) return;
        turn.taken = (await foldPiece(context, tx, sid)) !== null;
      }),
    );
    if (turn.taken) return true;
  }
  return false;
}

/** Folds the pieces of one session, all of them or as many as `forMs` allows. */
export async function foldPieces(
  context: FoldContext,
  sid: string,
  forMs = Number.POSITIVE_INFINITY,
): Promise<Extract<Piece, { kind: 'done' }> | null> {
  const begin = performance.now();
  while (performance.now() - begin < forMs && !context.stopping.aborted) {
    const piece = await withTransaction(context.db, async (tx) => {
      await lockSession(tx, sid);
      return foldPiece(context, tx, sid);
    });
    if (piece?.kind !== 'more') return piece;
  }
  return null;
}

/**
 * Folds the session's next piece; the caller holds its lock. Null if the session is not folded in pieces, or
 * no longer.
 */
async function foldPiece(context: FoldContext, tx: PoolClient, sid: string): Promise<Piece | null> {
  const progress = await loadPiecewise(tx, sid);
  if (progress === null) return null;
  const before = (await loadSessions(tx, [sid])).get(sid) ?? null;
  if (progress.facts !== null) return foldAnewPiece(context, tx, progress, progress.facts, before);
  if (before !== null) return foldOntoPiece(context, tx, progress, before);
  // The session's row was dropped meanwhile.
  await restartPieces(context, tx, sid);
  return { kind: 'more' };
}

async function foldOntoPiece(
  context: FoldContext,
  tx: PoolClient,
  progress: PiecewiseFold,
  before: StoredSession,
): Promise<Piece> {
  const page = await takeNoticePage(tx, before.sid, progress.notices, PIECE);
  const facts = fold(before.facts, page.notices, foldRules(context.rules));
  const folded: Folded = { before, facts, learned: page.notices, reading: 'onto', news: page.notices };
  if (page.isLast) await endPiecewise(tx, before.sid);
  else await savePiecewise(tx, { ...progress, notices: page.last ?? progress.notices });
  const [session] = await saveFolded(context, tx, [folded]);
  return page.isLast ? { kind: 'done', before: before.session, session: session ?? null } : { kind: 'more' };
}

/** Folds the notices first, then the observations. The published session changes only with the last piece. */
async function foldAnewPiece(
  context: FoldContext,
  tx: PoolClient,
  progress: PiecewiseFold,
  known: SessionFacts,
  before: StoredSession | null,
): Promise<Piece> {
  const { sid } = progress;
  const page = await takeNoticePage(tx, sid, progress.notices, PIECE);
  const asked = page.isLast ? await loadObservationPage(tx, sid, progress.observations, PIECE) : null;
  const learned: Evidence[] = [...page.notices, ...(asked?.observations ?? [])];
  const facts = fold(known, learned, foldRules(context.rules));
  await saveFilesOf(tx, sid, learned);
  if (asked?.isLast) return finishAnew(context, tx, facts, before, newsAmong(learned, [], before));
  const observations = asked?.last ?? progress.observations;
  await savePiecewise(tx, { sid, facts, notices: page.last ?? progress.notices, observations });
  return { kind: 'more' };
}

/** Saves the finished fold. If a registration or a stop answer came meanwhile, folding begins again. */
async function finishAnew(
  context: FoldContext,
  tx: PoolClient,
  known: SessionFacts,
  before: StoredSession | null,
  news: readonly Evidence[],
): Promise<Piece> {
  const { sid } = known;
  if (await hasPendingRefold(tx, sid)) {
    await restartPieces(context, tx, sid);
    return { kind: 'more' };
  }
  const looks = await loadLooks(tx, [sid]); // some may be newer than the first piece; folding one again changes nothing
  await saveFilesOf(tx, sid, looks);
  const facts = fold(known, [...looks, ...timePassed(before)], foldRules(context.rules));
  await endPiecewise(tx, sid);
  const [session] = await saveFolded(context, tx, [{ before, facts, learned: [], reading: 'pieces', news }]);
  return { kind: 'done', before: before?.session ?? null, session: session ?? null };
}

async function saveFilesOf(tx: PoolClient, sid: string, learned: readonly Evidence[]): Promise<void> {
  await saveFiles(tx, [{ sid, files: learned.flatMap(filesNamedBy) }]);
}
