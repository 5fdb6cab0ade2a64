import { isDeepStrictEqual } from 'node:util';
import type { PoolClient } from 'pg';
import { appendChanges, findLastChanges } from '../db/sessions/changes.js';
import { addToCounter } from '../db/sessions/counters.js';
import { saveSchedule } from '../db/schedule/query-schedule.js';
import { saveAlarms } from '../db/sessions/session-alarms.js';
import { forgetFiles, saveFiles } from '../db/sessions/session-files.js';
import { saveGaps } from '../db/sessions/session-gaps.js';
import { saveSessions, type StoredSession } from '../db/sessions/sessions.js';
import type { Evidence } from '../evidence/evidence.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { filesNamedBy } from '../sessions/facts/files.js';
import type { Session } from '../sessions/verdict/session.js';
import { conclude, concludeGaps, type Conclusion } from '../sessions/views/conclude.js';
import type { FoldContext } from './fold-context.js';
import { nextVersion } from './next-version.js';
import { scheduleOf, type ScheduleRules } from './schedule-of.js';

/** A session that was folded: its row before, its new facts, and the evidence that was new (all of it if `anew`). */
export type Folded = {
  before: StoredSession | null;
  facts: SessionFacts;
  learned: readonly Evidence[];
  anew: boolean;
};

/**
 * Saves folded sessions with their versions, their entries in the change feed and their next
 * queries, all in the caller's transaction. Returns the sessions that got a new version.
 */
export async function saveFolded(context: FoldContext, tx: PoolClient, folded: readonly Folded[]): Promise<Session[]> {
  return save(context, tx, folded, { answered: false });
}

/** The same for a session into which the answer to its query was folded: that query is done. */
export async function saveAnswered(context: FoldContext, tx: PoolClient, folded: Folded): Promise<Session[]> {
  return save(context, tx, [folded], { answered: true });
}

/** A session to be saved, with the conclusion from its facts, which is computed once for all writes. */
type Concluded = Folded & { conclusion: Conclusion; stored: StoredSession; isNew: boolean };

async function save(
  context: FoldContext,
  tx: PoolClient,
  folded: readonly Folded[],
  { answered }: { answered: boolean },
): Promise<Session[]> {
  if (folded.length === 0) return [];
  const { rules, shard } = context;
  const concluded = await concludeAll(context, tx, folded);
  const stored = concluded.map((one) => one.stored);
  await saveSessions(tx, stored);
  await saveFilesOf(tx, folded);
  await saveGapsOf(tx, concluded, rules);
  const alarms = concluded.map(({ facts: { sid }, conclusion }) => ({ sid, dueMs: conclusion.alarmMs }));
  await saveAlarms(tx, alarms);
  await saveScheduleOf(tx, concluded, rules, { answered });
  const late = folded.reduce((sum, { before, facts }) => sum + newlyLate(before, facts), 0);
  if (late !== 0) await addToCounter(tx, 'out_of_order', late, shard);
  const changed = concluded.filter(({ isNew }) => isNew).map((one) => one.stored);
  await appendChanges(tx, changed);
  return changed.map(({ session }) => session);
}

async function concludeAll(
  { rules, now }: FoldContext,
  tx: PoolClient,
  folded: readonly Folded[],
): Promise<readonly Concluded[]> {
  const atMs = now();
  const unknown = folded.flatMap(({ before, facts }) => (before === null ? [facts.sid] : []));
  const published = await findLastChanges(tx, unknown);
  return folded.map((one) => {
    const { before, facts } = one;
    const conclusion = conclude(facts, rules);
    const last = published.get(facts.sid) ?? null;
    return { ...one, conclusion, ...nextVersion(before, last, facts, conclusion.session, atMs) };
  });
}

async function saveFilesOf(tx: PoolClient, folded: readonly Folded[]): Promise<void> {
  const anew = folded.flatMap(({ facts, anew: isAnew }) => (isAnew ? [facts.sid] : []));
  await forgetFiles(tx, anew);
  await saveFiles(
    tx,
    folded.map(({ facts, learned }) => ({ sid: facts.sid, files: learned.flatMap(filesNamedBy) })),
  );
}

/** The list is written only if it changed: most evidence leaves it as it was. */
async function saveGapsOf(tx: PoolClient, concluded: readonly Concluded[], rules: ScheduleRules): Promise<void> {
  const changed = concluded.filter((one) => !hasTheSameGaps(one, rules));
  await saveGaps(
    tx,
    changed.map(({ facts: { sid }, conclusion: { gaps } }) => ({ sid, gaps })),
  );
}

/** Most sessions have and had no gaps, and nothing is written for them. */
function hasTheSameGaps({ before, anew, conclusion: { gaps } }: Concluded, rules: ScheduleRules): boolean {
  if (before === null || anew) return false;
  const { open, settled } = before.session.gaps;
  if (gaps.length === 0 || open + settled === 0) return gaps.length === open + settled;
  return isDeepStrictEqual(gaps, concludeGaps(before.facts, rules));
}

async function saveScheduleOf(
  tx: PoolClient,
  concluded: readonly Concluded[],
  rules: ScheduleRules,
  { answered }: { answered: boolean },
): Promise<void> {
  const plans = concluded.map(({ facts, conclusion }) => scheduleOf(facts, conclusion, rules));
  const queries = plans.flatMap(({ query }) => (query === null ? [] : [query]));
  const done = plans.flatMap(({ query, sid }) => (query === null ? [sid] : []));
  await saveSchedule(tx, { queries, done, answered });
}

function newlyLate(before: StoredSession | null, facts: SessionFacts): number {
  return facts.arrivals.outOfOrder - (before?.facts.arrivals.outOfOrder ?? 0);
}
