import { plusMs } from '../evidence/instant.js';
import type { QueryOutcome } from '../evidence/observation.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { afterLastTry, lastAsked, SETTLING_MS } from './last-asked.js';
import type { PlannedQuery } from './planned-query.js';

/**
 * Refusals that usually only a person can fix: wrong parameters, a wrong address, wrong credentials.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes
 */
const REFUSALS: readonly QueryOutcome['kind'][] = ['bad_request', 'no_route', 'unauthorized'];

/** The cause may be fixed, and Agora has been seen to refuse for a while what it answered later. */
const AGAIN_AFTER_MS = [60_000, 300_000, 900_000, 3_600_000];

export function isRefused(facts: SessionFacts): boolean {
  const latest = lastAsked(facts);
  return latest !== null && REFUSALS.includes(latest.outcome);
}

/**
 * Retries a refused query at growing intervals, and at once when a notification triggers a query.
 * Ours: docs/agora.md#outcomes
 */
export function planRefused(facts: SessionFacts): PlannedQuery | null {
  const latest = lastAsked(facts);
  if (latest === null || !isRefused(facts)) return null;
  const { lastSignalMs } = facts.arrivals;
  if (lastSignalMs !== null && lastSignalMs > latest.lastAskedMs) {
    const reason = 'was refused, and a notification suggests that it ended or moved';
    return { dueMs: plusMs(lastSignalMs, SETTLING_MS), queryClass: 'trigger', reason };
  }
  const reason = `refused (${latest.outcome}): is it mended?`;
  return { dueMs: afterLastTry(facts, AGAIN_AFTER_MS), queryClass: 'routine', reason };
}
