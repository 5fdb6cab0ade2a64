import { isDeepStrictEqual } from 'node:util';
import type { PoolClient } from 'pg';
import { appendChanges, findLastChanges } from '../db/sessions/changes.js';
import { addToCounter } from '../db/sessions/counters.js';
import { saveSchedule } from '../db/schedule/query-schedule.js';
import { saveAlarms, type SessionAlarm } from '../db/sessions/session-alarms.js';
import { forgetFiles, saveFiles } from '../db/sessions/session-files.js';
import { saveGaps } from '../db/sessions/session-gaps.js';
import { saveSessions, type StoredSession } from '../db/sessions/sessions.js';
import type { Evidence } from '../evidence/evidence.js';
import { findEnding } from '../sessions/verdict/find-ending.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { filesNamedBy } from '../sessions/facts/files.js';
import { allGaps } from '../sessions/verdict/gaps.js';
import { nextAlarm } from '../sessions/verdict/next-alarm.js';
import type { Session } from '../sessions/verdict/session.js';
import type { FoldContext } from './fold-context.js';
import { nextVersion } from './next-version.js';
import { scheduleOf, type ScheduleRules } from './schedule-of.js';

/** A session that was folded: from what, to what, and the evidence that was new (all there ever was if `anew`). */
export type Folded = {
  before: StoredSession | null;
  facts: SessionFacts;
  learned: readonly Evidence[];
  anew: boolean;
};

/**
 * Saves folded sessions with their versions, their entries in the change feed and their next
 * queries, all in the caller's transaction. `answered` says that this is what a query told. Returns
 * the sessions that got a new version.
 */
export async function saveFolded(
  { rules, now, shard }: FoldContext,
  tx: PoolClient,
  folded: readonly Folded[],
  answered: boolean,
): Promise<Session[]> {
  if (folded.length === 0) return [];
  const atMs = now();
  const unknown = folded.flatMap(({ before, facts }) => (before === null ? [facts.sid] : []));
  const published = await findLastChanges(tx, unknown);
  const results = folded.map(({ before, facts }) =>
    nextVersion(before, published.get(facts.sid) ?? null, facts, rules, atMs),
  );
  await saveSessions(
    tx,
    results.map(({ stored }) => stored),
  );
  await saveFilesOf(tx, folded);
  await saveGapsOf(tx, folded, rules);
  await saveAlarms(
    tx,
    results.map(({ stored }) => alarmOf(stored, rules)),
  );
  const plans = results.map(({ stored }) => scheduleOf(stored, rules));
  const queries = plans.flatMap(({ query }) => (query === null ? [] : [query]));
  const done = plans.flatMap(({ query, sid }) => (query === null ? [sid] : []));
  await saveSchedule(tx, queries, done, answered);
  const late = folded.reduce((sum, { before, facts }) => sum + newlyLate(before, facts), 0);
  if (late !== 0) await addToCounter(tx, 'out_of_order', late, shard);
  const changed = results.filter(({ isNew }) => isNew).map(({ stored }) => stored);
  await appendChanges(tx, changed);
  return changed.map(({ session }) => session);
}

async function saveFilesOf(tx: PoolClient, folded: readonly Folded[]): Promise<void> {
  const anew = folded.flatMap(({ facts, anew: isAnew }) => (isAnew ? [facts.sid] : []));
  await forgetFiles(tx, anew);
  await saveFiles(
    tx,
    folded.map(({ facts, learned }) => ({ sid: facts.sid, files: learned.flatMap(filesNamedBy) })),
  );
}

/** The list is written only where it reads differently: most evidence leaves it as it was. */
async function saveGapsOf(
  tx: PoolClient,
  folded: readonly Folded[],
  rules: ScheduleRules,
): Promise<void> {
  const changed = folded.flatMap(({ before, facts, anew }) => {
    const gaps = allGaps(facts, rules);
    const had = before === null || anew ? null : allGaps(before.facts, rules);
    return isDeepStrictEqual(gaps, had ?? []) && had !== null ? [] : [{ sid: facts.sid, gaps }];
  });
  await saveGaps(tx, changed);
}

function alarmOf({ sid, facts }: StoredSession, rules: ScheduleRules): SessionAlarm {
  return { sid, dueMs: nextAlarm(facts, findEnding(facts, rules), rules) };
}

function newlyLate(before: StoredSession | null, facts: SessionFacts): number {
  return facts.arrivals.outOfOrder - (before?.facts.arrivals.outOfOrder ?? 0);
}
