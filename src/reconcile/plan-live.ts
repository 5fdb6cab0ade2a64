import { isAfter, later, plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import { absenceProofMs, currentRun, neededFromMs, wasSeen } from '../sessions/verdict/absence.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { lastLife } from '../sessions/facts/merge-signs-of-life.js';
import { lastStopping, livePhase } from '../sessions/verdict/phase.js';
import { registeredStart } from '../sessions/facts/query-window.js';
import { backoffMs, spreadMs } from './backoff.js';
import { afterLastTry, lastAsked, SETTLING_MS, shortestIntervalMs } from './last-asked.js';
import { soonest, type PlannedQuery, type PlanRules } from './planned-query.js';

/**
 * How often a session that is stopping is asked about: its end is near.
 * Ours: docs/agora.md#asking
 */
const STOPPING_INTERVAL_MS = 15_000;

/**
 * The next query of a session that nothing proves to be over.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#asking
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function planLive(facts: SessionFacts, rules: PlanRules): PlannedQuery {
  const options = [
    confirmStart(facts, rules),
    confirmEnd(facts, rules),
    retry(facts, rules),
    contradicted(facts, rules),
    followTrigger(facts),
    watchStopping(facts),
    nameFiles(facts),
  ].filter((option) => option !== null);
  return options.reduce(soonest, routine(facts, rules));
}

/** The first query comes a few seconds after the start, and further ones until the session is seen at work. */
function confirmStart(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const { registration, answerSigns, noticeSigns } = facts;
  if (registration === null || answerSigns.lastRecordingMs !== null) return null;
  const asked = lastAsked(facts);
  const isReported = noticeSigns.lastRecordingMs !== null;
  const planned = {
    queryClass: isReported ? ('confirm_report' as const) : ('confirm_start' as const),
    reason: isReported ? 'reported as started; a query is to confirm it' : 'has it started?',
  };
  if (asked === null) {
    return { ...planned, dueMs: plusMs(registeredStart(registration), rules.startCheckAfterMs) };
  }
  if (asked.outcome !== 'answered') return null;
  return { ...planned, dueMs: afterLastTry(facts, rules.retryBackoffMs) };
}

/**
 * For a session that answered 404 with no sign of life since. The waits grow as Agora advises, but one query
 * is planned for the very moment at which the 404s have lasted long enough to prove an end. The queries
 * before that only show sooner that the session is back, so under heavy load they wait, except for the one
 * without which the run of 404s would break off.
 */
function confirmEnd(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const run = currentRun(facts, rules);
  if (run === null) return null;
  const last = run.at(-1) ?? run[0];
  const nextMs = plusMs(last.askedMs, backoffMs(rules.retryBackoffMs, run.length));
  const proofMs = absenceProofMs(facts, run[0].answeredMs, rules);
  const proves = proofMs > last.askedMs && proofMs < plusMs(nextMs, shortestIntervalMs(rules));
  const dueMs = proves ? proofMs : nextMs;
  if (!wasSeen(facts)) return { dueMs, queryClass: 'confirm_start', reason: 'has it started? So far 404' };
  const queryClass = dueMs >= neededFromMs(run, facts, rules) ? 'confirm_end' : 'recheck';
  return { dueMs, queryClass, reason: 'answered 404: gone, or failing over?' };
}

/** The last query brought no answer about the recording: 5xx, timeout, 206, 429. */
function retry(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const latest = lastAsked(facts);
  if (latest === null || latest.outcome === 'answered' || latest.outcome === 'not_found') {
    return null;
  }
  const unseen = facts.answerSigns.lastLifeMs === null;
  return {
    dueMs: afterLastTry(facts, rules.retryBackoffMs),
    queryClass: unseen ? 'confirm_start' : 'trigger',
    reason: `the last query brought no answer (${latest.outcome})`,
  };
}

/**
 * For a sign of life after a 404: either the session came back from a failover, or only its uploader is still
 * at work. A query after each sign of life shows which. If that sign was the last one, the time for which
 * 404s must last begins with this query.
 */
function contradicted(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const lifeMs = lastLife(facts);
  if (lastAsked(facts)?.outcome !== 'not_found' || lifeMs === null) return null;
  if (currentRun(facts, rules) !== null) return null;
  const reason = 'answered 404, and showed life after it';
  return { dueMs: plusMs(lifeMs, rules.retryBackoffMs[0] ?? 0), queryClass: 'trigger', reason };
}

/** A leave, an exit, a failover or a fatal error was reported after the last query was asked. */
function followTrigger(facts: SessionFacts): PlannedQuery | null {
  const { lastSignalMs } = facts.arrivals;
  const asked = lastAsked(facts)?.lastAskedMs ?? null;
  if (lastSignalMs === null || !isAfter(lastSignalMs, asked)) return null;
  return {
    dueMs: plusMs(lastSignalMs, SETTLING_MS),
    queryClass: 'trigger',
    reason: 'a notification suggests that it ended or moved',
  };
}

function watchStopping(facts: SessionFacts): PlannedQuery | null {
  if (livePhase(facts) !== 'stopping') return null;
  const since = later(lastAsked(facts)?.lastAskedMs ?? null, lastStopping(facts));
  if (since === null) return null;
  const dueMs = plusMs(since, STOPPING_INTERVAL_MS);
  return { dueMs, queryClass: 'trigger', reason: 'it is stopping: is it gone?' };
}

/**
 * From when on a query names files, after the start; after that Agora advises a minute between tries.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#files
 */
const FILES_AFTER_MS = { mix: 15_000, web: 15_000, individual: 60_000, raw: 60_000 } as const;
const FILES_AGAIN_MS = 60_000;
const FILES_TRIES = 3;

/**
 * A session that is over names no files any more, so they are asked for while it runs, unless a
 * notification has named them already.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#files
 */
function nameFiles(facts: SessionFacts): PlannedQuery | null {
  const { registration, asked } = facts;
  const isKnown = asked.namedFiles || facts.noticeNamedFiles;
  const latest = lastAsked(facts);
  if (registration === null || latest === null || isKnown || !isSeenAtWork(facts)) return null;
  const firstMs = registeredStart(registration) + FILES_AFTER_MS[registration.mode];
  const tries = Array.from({ length: FILES_TRIES }, (_, n) => firstMs + n * FILES_AGAIN_MS);
  const dueMs = tries.find((atMs) => atMs > latest.lastAskedMs);
  if (dueMs === undefined) return null;
  return { dueMs: unixMs(dueMs), queryClass: 'file_names', reason: 'its files can be named now' };
}

function isSeenAtWork(facts: SessionFacts): boolean {
  return lastAsked(facts)?.outcome === 'answered' && facts.answerSigns.lastRecordingMs !== null;
}

function routine(facts: SessionFacts, rules: PlanRules): PlannedQuery {
  const { sid, registration, asked } = facts;
  const since: UnixMs = lastAsked(facts)?.lastAskedMs ?? registration?.receivedMs ?? unixMs(0);
  const waitMs = spreadMs(rules.routineIntervalMs, `${sid} ${String(asked.count)}`);
  return { dueMs: plusMs(since, waitMs), queryClass: 'routine', reason: 'routine' };
}
