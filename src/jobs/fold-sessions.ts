import type { PoolClient } from 'pg';
import type { Db } from '../db/database.js';
import { appendChanges, findLastChange } from '../db/changes.js';
import { addToCounter } from '../db/counters.js';
import { loadEvidence } from '../db/load-evidence.js';
import { takePending, type PendingEvidence } from '../db/pending-evidence.js';
import { saveSchedule } from '../db/query-schedule.js';
import { lockPendingSessions, lockSession } from '../db/session-lock.js';
import { loadSessions, saveSessions, type StoredSession } from '../db/sessions.js';
import { withTransaction } from '../db/with-transaction.js';
import type { Evidence } from '../evidence/evidence.js';
import type { UnixMs } from '../evidence/instant.js';
import { noFacts, type SessionFacts } from '../sessions/facts.js';
import { isStraggler } from '../sessions/fold-notice.js';
import { fold } from '../sessions/fold.js';
import { nextVersion } from './next-version.js';
import { scheduleOf, type ScheduleRules } from './schedule-of.js';

export type FoldContext = {
  db: Db;
  rules: ScheduleRules;
  now: () => UnixMs;
  /** This process's own row of the running totals. */
  shard: number;
};

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

/**
 * Folds all evidence of a session anew, as if nothing had been folded yet. Returns whether the result
 * differs from what was there; the evidence stays as it is.
 */
export async function refoldSession(context: FoldContext, sid: string): Promise<boolean> {
  return withTransaction(context.db, async (tx) => {
    await lockSession(tx, sid);
    await takePending(tx, [sid]);
    const before = (await loadSessions(tx, [sid])).get(sid) ?? null;
    const facts = foldFromEvidence(await loadEvidence(tx, sid), sid);
    if (facts === null) return false;
    return (await saveFolded(context, tx, [{ before, facts }], false)).changed > 0;
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
    const before = stored.get(sid) ?? null;
    const facts = await foldOne(tx, sid, before, pending);
    if (facts !== null) folded.push({ before, facts });
  }
  await saveFolded(context, tx, folded, false);
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
): Promise<SessionFacts | null> {
  const notices = pending.notices.filter((notice) => notice.sid === sid);
  const repeats = pending.repeats.filter((repeat) => repeat.sid === sid);
  const facts = before?.facts ?? null;
  const anew =
    facts === null ||
    pending.others.has(sid) ||
    notices.some((notice) => isStraggler(facts, notice));
  if (anew) return foldFromEvidence(await loadEvidence(tx, sid), sid);
  return notices.length + repeats.length === 0 ? null : fold(facts, [...notices, ...repeats]);
}

/** Null when there is no evidence at all: then there is no session. */
export function foldFromEvidence(evidence: readonly Evidence[], sid: string): SessionFacts | null {
  return evidence.length === 0 ? null : fold(noFacts(sid), evidence);
}

export type Folded = { before: StoredSession | null; facts: SessionFacts };

/**
 * Saves folded sessions with their versions, their entries in the change feed and their next
 * queries, all in the caller's transaction. `answered` says that this is what a query told.
 */
export async function saveFolded(
  { rules, now, shard }: FoldContext,
  tx: PoolClient,
  folded: readonly Folded[],
  answered: boolean,
): Promise<{ changed: number }> {
  const atMs = now();
  const results = [];
  for (const { before, facts } of folded) {
    const last = before === null ? await findLastChange(tx, facts.sid) : null;
    results.push(nextVersion(before, last, facts, rules, atMs));
  }
  await saveSessions(
    tx,
    results.map(({ stored }) => stored),
  );
  const plans = results.map(({ stored }) => scheduleOf(stored, rules));
  const queries = plans.flatMap(({ query }) => (query === null ? [] : [query]));
  const done = plans.flatMap(({ query, sid }) => (query === null ? [sid] : []));
  await saveSchedule(tx, queries, done, answered);
  const late = folded.reduce((sum, { before, facts }) => sum + newlyLate(before, facts), 0);
  if (late !== 0) await addToCounter(tx, 'out_of_order', late, shard);
  const changed = results.filter(({ isNew }) => isNew).map(({ stored }) => stored);
  await appendChanges(tx, changed);
  return { changed: changed.length };
}

function newlyLate(before: StoredSession | null, facts: SessionFacts): number {
  return facts.arrivals.outOfOrder - (before?.facts.arrivals.outOfOrder ?? 0);
}
