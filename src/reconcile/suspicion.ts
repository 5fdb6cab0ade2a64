import { isAfter, plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts.js';
import { lastLife } from '../sessions/merge-signs.js';
import { isSubscribed, type VerdictRules } from '../sessions/rules.js';

/** Event 33 comes once a minute while a recording goes on: the best heartbeat there is. */
export const HEARTBEAT_MS = 60_000;
const HEARTBEAT = 33;
/** A delivery takes no longer than this as a rule, on top of the grace for disorder. */
const DELIVERY_MS = 2_000;

/**
 * When the next heartbeat is missed, counted from the last sign of life in whatever form; null where
 * none is expected: there never was one, the console does not subscribe to it, or the last query
 * brought no sign of life and is followed up in its own way.
 */
export function suspectMs(facts: SessionFacts, rules: VerdictRules): UnixMs | null {
  const beat = facts.upload.progress;
  const alive = lastLife(facts);
  if (beat === null || alive === null || !isSubscribed(rules, HEARTBEAT)) return null;
  const { latest } = facts.asked;
  if (latest !== null && latest.lastAskedMs > alive) return null;
  const beats = Math.max(Math.floor((alive - beat.atMs) / HEARTBEAT_MS) + 1, 1);
  const missedMs = unixMs(beat.atMs + beats * HEARTBEAT_MS + rules.reorderGraceMs + DELIVERY_MS);
  return isAfter(missedMs, alive) ? missedMs : plusMs(missedMs, HEARTBEAT_MS);
}

/** How often a recording ends, per heartbeat: recordings last about an hour. */
const ENDS_PER_BEAT = 1 / 60;
/** An end is rarely unheard of, but never less rarely than this. */
const LEAST_UNHEARD = 0.05;
/** From here on an end is likely enough to be looked after before anything merely due. */
const LIKELY = 0.2;
/** So many missed heartbeats say no more than one while the whole channel is silent. */
const MOST_MISSES = 20;

/**
 * The probability that a session has ended, given that its last `misses` heartbeats did not come and
 * that of all heartbeats expected of all sessions the share `missRate` does not come (Bayes). While a
 * receiver was dark that share is near 1, and silence proves next to nothing.
 */
export function probabilityEnded(misses: number, missRate: number): number {
  const rate = Math.min(Math.max(missRate, 0.001), 1);
  const unheard = Math.max(LEAST_UNHEARD, rate);
  const ended = Math.min(ENDS_PER_BEAT * misses, 0.5) * unheard;
  return ended / (ended + (1 - ended) * rate ** misses);
}

/** How many heartbeats must be missing in a row to make an end likely; infinite while none can. */
export function missesToSuspect(missRate: number): number {
  for (let misses = 1; misses <= MOST_MISSES; misses += 1) {
    if (missRate < 0.9 && probabilityEnded(misses, missRate) >= LIKELY) return misses;
  }
  return Infinity;
}
