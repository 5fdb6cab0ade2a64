import { earlier, plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { lastLife } from '../sessions/facts/merge-signs-of-life.js';
import type { Channel } from './channel.js';
import { HEARTBEAT_MS } from './heartbeat.js';
import { isSubscribed, type VerdictRules } from '../sessions/facts/rules.js';

const HEARTBEAT = 33;
/** A delivery normally takes no longer than this, in addition to the grace for reordering. */
const DELIVERY_MS = 2_000;

/**
 * A session that shows other signs of life for this long without a heartbeat sends none. It is longer than a
 * usual outage of the receiver, so that a session that started during one is not counted among these.
 */
const FIRST_BEAT_WITHIN_MS = 15 * HEARTBEAT_MS;

/**
 * When the next heartbeat counts as missed, from the last sign of life of any kind. Null where none is
 * expected: the console does not subscribe to it, the session never sends one, or the last query found no
 * sign of life and has its own follow-up.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function suspectMs(facts: SessionFacts, rules: VerdictRules): UnixMs | null {
  const alive = lastLife(facts);
  const beatMs = alive === null ? null : lastBeatMs(facts, alive);
  if (alive === null || beatMs === null || !isSubscribed(rules, HEARTBEAT)) return null;
  const { latest } = facts.asked;
  if (latest !== null && latest.lastAskedMs > alive) return null;
  const beats = Math.max(Math.floor((alive - beatMs) / HEARTBEAT_MS) + 1, 1);
  return missedFrom(beatMs, beats, rules);
}

/** When the heartbeat after the last one counts as missed, whatever else was received; null as above. */
export function beatDueMs(facts: SessionFacts, rules: VerdictRules): UnixMs | null {
  const alive = lastLife(facts);
  const beatMs = alive === null ? null : lastBeatMs(facts, alive);
  return beatMs === null || !isSubscribed(rules, HEARTBEAT) ? null : missedFrom(beatMs, 1, rules);
}

function missedFrom(beatMs: UnixMs, beats: number, rules: VerdictRules): UnixMs {
  return unixMs(beatMs + beats * HEARTBEAT_MS + rules.reorderGraceMs + DELIVERY_MS);
}

/** Before the first heartbeat, the start or the first sign of life is used in its place. */
function lastBeatMs(facts: SessionFacts, alive: UnixMs): UnixMs | null {
  if (facts.progress !== null) return facts.progress.atMs;
  const { noticeSigns, answerSigns } = facts;
  const first = earlier(noticeSigns.firstLifeMs, answerSigns.firstLifeMs);
  const started = noticeSigns.startedMs ?? first;
  return started !== null && alive - started < FIRST_BEAT_WITHIN_MS ? started : null;
}

/** How often a recording ends, per heartbeat: recordings last about an hour. */
const ENDS_PER_BEAT = 1 / 60;
/** How often an end goes unreported while the channel works. */
const UNHEARD = 0.05;
/** From this probability on, an end is likely enough to be checked before anything that is merely due. */
const LIKELY = 0.2;

/** If this many missed heartbeats do not make an end likely, no number of them does. */
const MOST_MISSES = 20;

/**
 * How many heartbeats in a row must be missing to make an end likely, the last of them while the channel
 * worked. Infinite while the receiver is unreachable.
 */
export function missesToSuspect({ worksForMs, missRate }: Channel): number {
  for (let misses = 1; misses <= MOST_MISSES && worksForMs > 0; misses += 1) {
    const telling = Math.min(misses, Math.ceil(worksForMs / HEARTBEAT_MS));
    if (probabilityEnded(misses, telling, missRate) >= LIKELY) return misses;
  }
  return Infinity;
}

/**
 * Which silence makes an end likely: one that began before `silentBeforeMs` and whose last missed heartbeat
 * was due while the channel worked. Null while no silence does.
 */
export function likelySilence(
  channel: Channel,
  nowMs: UnixMs,
): { silentBeforeMs: UnixMs; lastMissWithinMs: number } | null {
  const misses = missesToSuspect(channel);
  if (!Number.isFinite(misses)) return null;
  return {
    silentBeforeMs: plusMs(nowMs, -(misses - 1) * HEARTBEAT_MS),
    lastMissWithinMs: Math.min(channel.worksForMs, HEARTBEAT_MS),
  };
}

/**
 * The probability (by Bayes' rule) that a session has ended whose last `misses` heartbeats did not come, the
 * last `telling` of them while the channel worked. `missRate` is the share of heartbeats that are lost
 * anyway. While the receiver is unreachable, silence proves nothing, but ends go unreported as well.
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function probabilityEnded(misses: number, telling: number, missRate: number): number {
  const unheard = misses - telling + telling * Math.max(UNHEARD, missRate);
  const ended = Math.min(ENDS_PER_BEAT * unheard, 0.5);
  return ended / (ended + (1 - ended) * missRate ** telling);
}

/**
 * Weighs age against silence. At ages of minutes to hours, and silences of some minutes, the delay below keeps
 * the order of silence times the root of the rate at which sessions of that age end.
 */
const TURN = { unitMs: 7_500, mostMs: 15 * HEARTBEAT_MS };

/**
 * The order in which silent sessions are asked about while silence proves nothing. The longer a recording has
 * run, the longer it is likely to go on, so of two equally silent sessions the younger one has more likely
 * ended. Its age counts by its root, as where pages that change at different rates are fetched anew: by age
 * itself the youngest are asked about again and again, and those of some hours not before the outage is over.
 * Ours: docs/decisions/049-old-sessions-have-their-turn-too.md
 */
export function turnMs(suspectedMs: UnixMs, liveSinceMs: UnixMs): UnixMs {
  const ageMs = Math.max(suspectedMs - liveSinceMs, 0);
  return unixMs(suspectedMs + Math.round(Math.min(Math.sqrt(ageMs * TURN.unitMs), TURN.mostMs)));
}
