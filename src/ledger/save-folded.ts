import { isDeepStrictEqual } from 'node:util';
import type { PoolClient } from 'pg';
import {
  appendChanges,
  findEndsPublished,
  findLastChanges,
  type NewVersion,
  type StoredChange,
} from '../db/sessions/changes.js';
import { afterCommit, lastedMs } from '../db/connection/with-transaction.js';
import { markDays, type RolledUp } from '../db/reporting/rollup-marks.js';
import { countSaved, type CountedChange } from '../db/sessions/session-counts.js';
import { saveLooks } from '../db/schedule/bucket-checks.js';
import { saveSchedule } from '../db/schedule/query-schedule.js';
import { saveAlarms } from '../db/sessions/session-alarms.js';
import { countFiles, forgetFiles, saveFiles } from '../db/sessions/session-files.js';
import { saveGaps } from '../db/sessions/session-gaps.js';
import { saveSessions, type StoredSession } from '../db/sessions/sessions.js';
import type { Evidence } from '../evidence/evidence.js';
import { earlier, plusMs, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { filesNamedBy, NO_FILES, type FileSummary } from '../sessions/facts/files.js';
import { learnedMs } from '../sessions/facts/fold.js';
import { isTerminal, type Session } from '../sessions/verdict/session.js';
import { becauseOf } from '../sessions/views/because.js';
import { planLook } from '../reconcile/plan-look.js';
import { conclude, concludeGaps, waitUntil, type Conclusion } from '../sessions/views/conclude.js';
import type { FoldContext, SessionFold } from './fold-context.js';
import { nextVersion, type VersionResult } from './next-version.js';
import { scheduleOf, type ScheduleRules } from './schedule-of.js';

/** A session that was folded: its row before, and its new facts. */
export type Folded = {
  before: StoredSession | null;
  facts: SessionFacts;
  /** The evidence that may name files: what is new, or all of it if `reading` is `scratch`. */
  learned: readonly Evidence[];
  /** `pieces`: folded from scratch in several transactions, which have saved the files already. */
  reading: 'onto' | 'scratch' | 'pieces';
  /** The evidence that had not been folded before. */
  news: readonly Evidence[];
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
type Concluded = Folded & { conclusion: Conclusion; said: Session | null } & VersionResult;

/** Of what it said before too: a start that is corrected leaves its day. */
function daysOf({ before, stored }: Concluded): RolledUp[] {
  return [before, stored].flatMap((said): RolledUp[] => {
    if (said === null) return [];
    const { startedAt, endedAt } = said.session;
    const endMs = endedAt?.atMs ?? endedAt?.notAfterMs ?? endedAt?.notBeforeMs ?? null;
    const start = { kind: 'sessions', atMs: startedAt?.atMs ?? said.createdMs } as const;
    return endMs === null ? [start] : [start, { kind: 'ends', atMs: endMs }];
  });
}

function toVersion({ stored, changed, news, before }: Concluded): NewVersion {
  return { stored, changed, because: becauseOf(news, before?.facts.registration != null) };
}

async function save(
  context: FoldContext,
  tx: PoolClient,
  folded: readonly Folded[],
  { answered }: { answered: boolean },
): Promise<Session[]> {
  if (folded.length === 0) return [];
  const { rules, shard } = context;
  const atMs = context.now();
  const foldedMs = { from: plusMs(atMs, -lastedMs(tx)), to: atMs };
  const learned = await saveFilesOf(tx, folded);
  const concluded = await concludeAll(context, tx, folded, learned, atMs);
  const stored = concluded.map((one) => one.stored);
  await saveSessions(tx, stored, atMs);
  await saveGapsOf(tx, concluded, rules, atMs);
  const alarms = concluded.map(({ facts: { sid }, conclusion }) => ({ sid, dueMs: conclusion.alarmMs }));
  await saveAlarms(tx, alarms);
  await saveScheduleOf(tx, concluded, rules, { answered });
  await saveLooksOf(tx, concluded, rules);
  const late = folded.reduce((sum, { before, facts }) => sum + newlyLate(before, facts), 0);
  await countSaved(tx, concluded.map(asCounted), { out_of_order: late }, shard);
  const versions = concluded.filter(({ changed }) => changed.length > 0);
  await markDays(tx, versions.flatMap(daysOf), atMs);
  await appendChanges(tx, versions.map(toVersion));
  afterCommit(tx, () => context.onSaved(concluded.map((one) => toSaved(one, foldedMs))));
  return versions.map((one) => one.stored.session);
}

async function concludeAll(
  { rules }: FoldContext,
  tx: PoolClient,
  folded: readonly Folded[],
  learned: ReadonlySet<string>,
  atMs: UnixMs,
): Promise<readonly Concluded[]> {
  const unknown = folded.flatMap(({ before, facts }) => (before === null ? [facts.sid] : []));
  const published = await findLastChanges(tx, unknown);
  const ends = await findEndsPublished(tx, undatedEnds(folded, published));
  const files = await filesOfAll(tx, folded, learned);
  return folded.map((one) => {
    const { before } = one;
    const last = published.get(one.facts.sid) ?? null;
    // Having waited is not kept as evidence, but what was published then was published after it.
    const facts = before === null && last !== null ? waitUntil(one.facts, last.atMs, rules) : one.facts;
    const conclusion = conclude(facts, rules);
    const said = before?.session ?? last?.session ?? null;
    const endMs = ends.get(facts.sid) ?? null;
    const session = { ...conclusion.session, files: files.get(facts.sid) ?? NO_FILES };
    return { ...one, facts, conclusion, said, ...nextVersion(before, last, facts, session, atMs, endMs) };
  });
}

/** Sessions of which an earlier release said that they are over, and did not note when. */
function undatedEnds(folded: readonly Folded[], published: ReadonlyMap<string, StoredChange>): string[] {
  return folded.flatMap(({ before, facts: { sid } }) => {
    const said = (before ?? published.get(sid))?.session;
    return said !== undefined && isTerminal(said.state) && said.endKnownMs === null ? [sid] : [];
  });
}

/** A summary of the files of each session, counted again where they may have changed since the last count. */
async function filesOfAll(
  tx: PoolClient,
  folded: readonly Folded[],
  learned: ReadonlySet<string>,
): Promise<ReadonlyMap<string, FileSummary>> {
  const known = folded.flatMap(({ before, facts: { sid }, reading }): [string, FileSummary][] => {
    const files = before?.session.files ?? null;
    return files === null || reading !== 'onto' || learned.has(sid) ? [] : [[sid, files]];
  });
  const isKnown = new Map(known);
  const others = folded.map(({ facts: { sid } }) => sid).filter((sid) => !isKnown.has(sid));
  return new Map([...known, ...(await countFiles(tx, others))]);
}

/** Returns the sessions of which a file, or a detail of one, is new. */
async function saveFilesOf(tx: PoolClient, folded: readonly Folded[]): Promise<ReadonlySet<string>> {
  const anew = folded.flatMap(({ facts, reading }) => (reading === 'scratch' ? [facts.sid] : []));
  await forgetFiles(tx, anew);
  return saveFiles(
    tx,
    folded.map(({ facts, learned }) => ({ sid: facts.sid, files: learned.flatMap(filesNamedBy) })),
  );
}

/** The list is written only if it changed: most evidence leaves it as it was. */
async function saveGapsOf(
  tx: PoolClient,
  concluded: readonly Concluded[],
  rules: ScheduleRules,
  nowMs: UnixMs,
): Promise<void> {
  const changed = concluded.filter((one) => !hasTheSameGaps(one, rules));
  await saveGaps(
    tx,
    changed.map(({ facts: { sid }, conclusion: { gaps } }) => ({ sid, gaps })),
    nowMs,
  );
}

/** Most sessions have and had no gaps, and nothing is written for them. */
function hasTheSameGaps({ before, reading, conclusion: { gaps } }: Concluded, rules: ScheduleRules): boolean {
  if (before === null || reading === 'scratch') return false;
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

/** Where no bucket is configured nothing is written, and nothing is left from when one was. */
async function saveLooksOf(tx: PoolClient, concluded: readonly Concluded[], rules: ScheduleRules): Promise<void> {
  if (rules.buckets.length === 0) return;
  const over = concluded.filter(({ stored, before }) =>
    [stored, before].some((one) => one !== null && isTerminal(one.session.state)),
  );
  await saveLooks(
    tx,
    over.map(({ facts, conclusion: { ending }, stored: { session } }) => {
      return { sid: facts.sid, look: planLook(facts, ending, session, rules) };
    }),
  );
}

function asCounted({ before, stored }: Concluded): CountedChange {
  return { before: before?.session ?? null, session: stored.session };
}

/** Evidence that is read anew was learned long ago, but for that of a session nobody knew. */
function toSaved(
  { said, stored, changed, learned, reading, news }: Concluded,
  foldedMs: SessionFold['foldedMs'],
): SessionFold {
  const learnedAtMs = reading !== 'onto' && said !== null ? [] : learned.map(learnedMs);
  const { session, updatedMs: savedMs } = stored;
  const notices = news.filter((one) => one.kind === 'notice');
  const firstMs = learnedAtMs.reduce(earlier, null);
  return { said, session, isNew: changed.length > 0, savedMs, learnedMs: firstMs, notices, foldedMs };
}

function newlyLate(before: StoredSession | null, facts: SessionFacts): number {
  return facts.arrivals.outOfOrder - (before?.facts.arrivals.outOfOrder ?? 0);
}
