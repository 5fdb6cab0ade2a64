import type { UnixMs } from '../../evidence/instant.js';
import type { SessionFacts } from '../facts/facts.js';
import { queryableUntil, voidBefore } from '../facts/query-window.js';

/**
 * A 404 within the query window, or a status 8 or 20, asked for at or after that moment.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes
 */
export function queryAgrees(facts: SessionFacts, sinceMs: UnixMs): boolean {
  return saidGone(facts, sinceMs) || facts.exitAnswers.some(({ lastAskedMs }) => lastAskedMs >= sinceMs);
}

/** Whether an end is denied: only by a newer query that answers status 0–5; never by a late notice. */
export function isRevoked(atMs: UnixMs, facts: SessionFacts): boolean {
  const { lastLiveMs } = facts.answerSigns;
  return lastLiveMs !== null && lastLiveMs > atMs;
}

function saidGone(facts: SessionFacts, sinceMs: UnixMs): boolean {
  const { lastNotFoundMs } = facts.asked;
  if (lastNotFoundMs === null || lastNotFoundMs < sinceMs) return false;
  const [untilMs, fromMs] = [queryableUntil(facts), voidBefore(facts)];
  return untilMs !== null && lastNotFoundMs < untilMs && lastNotFoundMs > (fromMs ?? 0);
}
