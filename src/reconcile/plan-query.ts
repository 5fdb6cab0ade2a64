import { isAfter, later, plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import { queryAgrees } from '../sessions/certainty.js';
import {
  absenceProofMs,
  endMs,
  findEnding,
  provenAbsence,
  type Ending,
} from '../sessions/ending.js';
import type { SessionFacts } from '../sessions/facts.js';
import { lastLife } from '../sessions/merge-signs.js';
import { lastStopping, livePhase } from '../sessions/phase.js';
import { queryableUntil, registeredStart } from '../sessions/query-window.js';
import type { VerdictRules } from '../sessions/rules.js';
import { backoffMs, spreadMs } from './backoff.js';
import type { QueryClass } from './query-class.js';

export type PlanRules = VerdictRules & {
  startCheckAfterMs: number;
  routineIntervalMs: number;
  retryBackoffMs: readonly number[];
};

/** The next query of one session: when, how urgent, and why in words for a person. */
export type PlannedQuery = { dueMs: UnixMs; queryClass: QueryClass; reason: string };

/** Nothing is asked twice within this time, whatever happened in between. */
const SHORTEST_INTERVAL_MS = 2_000;
/** A session on its way out is looked at this often: its end is near. */
const STOPPING_INTERVAL_MS = 15_000;
/** After a signal, the time that Agora's own state takes to settle. */
const SETTLING_MS = 1_000;

/**
 * When the session must be asked about next, from its evidence alone; null when there is nothing to
 * ask: it cannot be asked about, or it is over and both sources agree.
 */
export function planQuery(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const untilMs = queryableUntil(facts.registration);
  if (untilMs === null || isRefused(facts)) return null;
  const ending = findEnding(facts, rules);
  const planned = ending === null ? planLive(facts, rules) : planEnded(facts, ending, rules);
  if (planned === null) return null;
  const dueMs = notTooSoon(planned.dueMs, facts);
  return dueMs < untilMs ? { ...planned, dueMs } : null;
}

/** A fault of ours that no repetition mends: nothing is asked until the configuration changes. */
function isRefused({ asked }: SessionFacts): boolean {
  return asked.latest?.outcome === 'bad_request';
}

function notTooSoon(dueMs: UnixMs, { asked }: SessionFacts): UnixMs {
  const last = asked.latest?.lastAskedMs;
  return last === undefined ? dueMs : unixMs(Math.max(dueMs, last + SHORTEST_INTERVAL_MS));
}

/** Reported as over: one query makes it certain, or finds it alive. */
function planEnded(facts: SessionFacts, ending: Ending, rules: PlanRules): PlannedQuery | null {
  const reported = ending.rule === 'exit_notice' || ending.rule === 'stop_answer';
  if (!reported || queryAgrees(facts, endMs(ending))) return null;
  const { latest } = facts.asked;
  const askedSince = latest !== null && latest.lastAskedMs >= endMs(ending);
  return {
    dueMs: askedSince ? afterLastTry(facts, rules) : plusMs(lastReport(facts, ending), SETTLING_MS),
    queryClass: 'confirm_report',
    reason: 'reported as over; a query is to confirm it',
  };
}

function lastReport(facts: SessionFacts, ending: Ending): UnixMs {
  return facts.arrivals.lastSignalMs ?? endMs(ending);
}

function planLive(facts: SessionFacts, rules: PlanRules): PlannedQuery {
  if (facts.asked.latest?.outcome === 'no_route') return wrongAddress(facts, rules);
  const options = [
    confirmStart(facts, rules),
    confirmEnd(facts, rules),
    retry(facts, rules),
    contradicted(facts, rules),
    followSignal(facts),
    watchStopping(facts),
    nameFiles(facts),
  ].filter((option) => option !== null);
  return options.reduce(soonest, routine(facts, rules));
}

function soonest(a: PlannedQuery, b: PlannedQuery): PlannedQuery {
  return b.dueMs < a.dueMs ? b : a;
}

/** The first query comes a few seconds after the start; then again until it is seen at work. */
function confirmStart(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const { registration, asked, answerSigns, noticeSigns } = facts;
  if (registration === null || answerSigns.lastRecordingMs !== null) return null;
  const isReported = noticeSigns.lastRecordingMs !== null;
  const planned = {
    queryClass: isReported ? ('confirm_report' as const) : ('confirm_start' as const),
    reason: isReported ? 'reported as started; a query is to confirm it' : 'has it started?',
  };
  if (asked.latest === null) {
    return { ...planned, dueMs: plusMs(registeredStart(registration), rules.startCheckAfterMs) };
  }
  if (asked.latest.outcome !== 'answered') return null;
  return { ...planned, dueMs: afterLastTry(facts, rules) };
}

/**
 * A 404 was heard, and no sign of life since. The waits grow as Agora advises, but one query is
 * aimed at the very moment at which the 404s have lasted long enough to prove something. Those on
 * the way there only tell sooner that it is back: where there are more to ask than can be, they wait.
 */
function confirmEnd(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const missed = provenAbsence(facts);
  if (missed === null) return null;
  const waitMs = backoffMs(rules.retryBackoffMs, facts.notFound.length);
  const nextMs = plusMs(missed.lastMs, waitMs);
  const proofMs = absenceProofMs(facts, missed.firstMs, rules);
  const dueMs = proofMs > missed.lastMs && proofMs < nextMs ? proofMs : nextMs;
  const neverSeen = lastLife(facts) === null && !facts.existed;
  if (neverSeen)
    return { dueMs, queryClass: 'confirm_start', reason: 'has it started? So far 404' };
  const queryClass = dueMs >= proofMs ? 'confirm_end' : 'recheck';
  return { dueMs, queryClass, reason: 'answered 404: gone, or failing over?' };
}

/** When a further 404 will prove something; null while none was heard, or nothing is left to prove. */
export function nextProofMs(facts: SessionFacts, rules: PlanRules): UnixMs | null {
  const missed = provenAbsence(facts);
  if (missed === null || findEnding(facts, rules) !== null) return null;
  return notTooSoon(absenceProofMs(facts, missed.firstMs, rules), facts);
}

/** The last try brought no answer about the recording: 5xx, timeout, 206, 429, 401. */
function retry(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const { latest } = facts.asked;
  if (latest === null || latest.outcome === 'answered' || latest.outcome === 'not_found') {
    return null;
  }
  const unseen = facts.answerSigns.lastLifeMs === null;
  return {
    dueMs: afterLastTry(facts, rules),
    queryClass: unseen ? 'confirm_start' : 'signal',
    reason: `the last query brought no answer (${latest.outcome})`,
  };
}

/** A wrong address is worth a look now and then, for it may be mended; nothing else is. */
const NO_ROUTE_INTERVAL_MS = 600_000;

function wrongAddress(facts: SessionFacts, rules: PlanRules): PlannedQuery {
  return { dueMs: afterLastTry(facts, rules), queryClass: 'routine', reason: 'no route so far' };
}

function afterLastTry({ asked }: SessionFacts, rules: PlanRules): UnixMs {
  const { latest } = asked;
  if (latest === null) return unixMs(0);
  if (latest.outcome === 'no_route') return plusMs(latest.lastAnsweredMs, NO_ROUTE_INTERVAL_MS);
  const waitMs = Math.max(backoffMs(rules.retryBackoffMs, latest.count), latest.retryAfterMs ?? 0);
  return plusMs(latest.lastAnsweredMs, waitMs);
}

/**
 * A 404, and a sign of life after it: either it came back from a failover, or only its uploader is
 * still at work. Asking after each sign of life tells which; and should that one have been the last,
 * the time that 404s must last has begun.
 */
function contradicted(facts: SessionFacts, rules: PlanRules): PlannedQuery | null {
  const { latest } = facts.asked;
  const lifeMs = lastLife(facts);
  if (latest?.outcome !== 'not_found' || lifeMs === null || provenAbsence(facts) !== null) return null; // prettier-ignore
  const reason = 'answered 404, and showed life after it';
  return { dueMs: plusMs(lifeMs, rules.retryBackoffMs[0] ?? 0), queryClass: 'signal', reason };
}

/** A leave, an exit, a failover or a fatal error was reported after the last query was asked. */
function followSignal(facts: SessionFacts): PlannedQuery | null {
  const { lastSignalMs } = facts.arrivals;
  const asked = facts.asked.latest?.lastAskedMs ?? null;
  if (lastSignalMs === null || !isAfter(lastSignalMs, asked)) return null;
  return {
    dueMs: plusMs(lastSignalMs, SETTLING_MS),
    queryClass: 'signal',
    reason: 'a notification suggests that it ended or moved',
  };
}

function watchStopping(facts: SessionFacts): PlannedQuery | null {
  if (livePhase(facts) !== 'stopping') return null;
  const since = later(facts.asked.latest?.lastAskedMs ?? null, lastStopping(facts));
  if (since === null) return null;
  const dueMs = plusMs(since, STOPPING_INTERVAL_MS);
  return { dueMs, queryClass: 'signal', reason: 'it is stopping: is it gone?' };
}

/** From when on a query names files, after the start; after that Agora advises a minute between tries. */
const FILES_AFTER_MS = { mix: 15_000, web: 15_000, individual: 60_000, raw: 60_000 } as const;
const FILES_AGAIN_MS = 60_000;
const FILES_TRIES = 3;

/**
 * A session that is over names no files any more, so they are asked for while it runs, unless a
 * notification has named them already. Agora's best practices: docs/agora.md#files
 */
function nameFiles(facts: SessionFacts): PlannedQuery | null {
  const { registration, asked } = facts;
  const isKnown = asked.namedFiles || facts.noticeNamedFiles;
  if (registration === null || isKnown || !isSeenAtWork(facts)) return null;
  const firstMs = registeredStart(registration) + FILES_AFTER_MS[registration.mode];
  const tries = Array.from({ length: FILES_TRIES }, (_, n) => firstMs + n * FILES_AGAIN_MS);
  const dueMs = tries.find((atMs) => atMs > (asked.latest?.lastAskedMs ?? 0));
  if (dueMs === undefined) return null;
  return { dueMs: unixMs(dueMs), queryClass: 'file_names', reason: 'its files can be named now' };
}

function isSeenAtWork({ asked, answerSigns }: SessionFacts): boolean {
  return asked.latest?.outcome === 'answered' && answerSigns.lastRecordingMs !== null;
}

function routine({ sid, registration, asked }: SessionFacts, rules: PlanRules): PlannedQuery {
  const since = asked.latest?.lastAskedMs ?? registration?.receivedMs ?? unixMs(0);
  const waitMs = spreadMs(rules.routineIntervalMs, `${sid} ${String(asked.count)}`);
  return { dueMs: plusMs(since, waitMs), queryClass: 'routine', reason: 'routine' };
}
