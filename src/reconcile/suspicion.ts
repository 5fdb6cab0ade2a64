import { earlier, plusMs, unixMs, type UnixMs } from '../evidence/instant.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { lastLife } from '../sessions/facts/merge-signs-of-life.js';
import type { Channel } from './channel.js';
import { HEARTBEAT_MS } from './heartbeat.js';
import { isSubscribed, type VerdictRules } from '../sessions/facts/rules.js';

const HEARTBEAT = 33;
/** A delivery takes no longer than this as a rule, on top of the grace for disorder. */
const DELIVERY_MS = 2_000;

/**
 * A session that shows life for so long without a heartbeat sends none. Longer than a receiver is
 * away as a rule, so that what began meanwhile is not taken for such a one.
 */
const FIRST_BEAT_WITHIN_MS = 15 * HEARTBEAT_MS;

/**
 * When the next heartbeat is missed, counted from the last sign of life in whatever form; null where
 * none is expected: the console does not subscribe to it, the session never sends one, or the last
 * query brought no sign of life and is followed up in its own way.
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

/** When the heartbeat after the last one is missed, whatever else was heard; null as above. */
export function beatDueMs(facts: SessionFacts, rules: VerdictRules): UnixMs | null {
  const alive = lastLife(facts);
  const beatMs = alive === null ? null : lastBeatMs(facts, alive);
  return beatMs === null || !isSubscribed(rules, HEARTBEAT) ? null : missedFrom(beatMs, 1, rules);
}

function missedFrom(beatMs: UnixMs, beats: number, rules: VerdictRules): UnixMs {
  return unixMs(beatMs + beats * HEARTBEAT_MS + rules.reorderGraceMs + DELIVERY_MS);
}

/** Before the first heartbeat, the start stands for it, or the first sign of life. */
function lastBeatMs(facts: SessionFacts, alive: UnixMs): UnixMs | null {
  if (facts.progress !== null) return facts.progress.atMs;
  const { noticeSigns, answerSigns } = facts;
  const first = earlier(noticeSigns.firstLifeMs, answerSigns.firstLifeMs);
  const started = noticeSigns.startedMs ?? first;
  return started !== null && alive - started < FIRST_BEAT_WITHIN_MS ? started : null;
}

/** How often a recording ends, per heartbeat: recordings last about an hour. */
const ENDS_PER_BEAT = 1 / 60;
/** How often an end is not heard of while the channel works. */
const UNHEARD = 0.05;
/** From here on an end is likely enough to be looked after before anything merely due. */
const LIKELY = 0.2;

/** So many missed heartbeats say no more than one: then no number of them makes an end likely. */
const MOST_MISSES = 20;

/**
 * How many heartbeats must be missing in a row to make an end likely, the last of them while the
 * channel worked; infinite while it is dark.
 */
export function missesToSuspect({ worksForMs, missRate }: Channel): number {
  for (let misses = 1; misses <= MOST_MISSES && worksForMs > 0; misses += 1) {
    const telling = Math.min(misses, Math.ceil(worksForMs / HEARTBEAT_MS));
    if (probabilityEnded(misses, telling, missRate) >= LIKELY) return misses;
  }
  return Infinity;
}

/**
 * Which silence makes an end likely: one from before `silentBeforeMs`, the last missed heartbeat of
 * which was due within the time for which the channel works; null while none does.
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
 * The probability that a session has ended whose last `misses` heartbeats did not come (Bayes), the
 * last `telling` of them while the channel worked, when of all heartbeats the share `missRate` does
 * not come. While a receiver is dark, silence proves nothing, but ends go unheard as well.
 * Ours: docs/decisions/010-the-budget-goes-where-an-end-is-likely.md
 */
export function probabilityEnded(misses: number, telling: number, missRate: number): number {
  const unheard = misses - telling + telling * Math.max(UNHEARD, missRate);
  const ended = Math.min(ENDS_PER_BEAT * unheard, 0.5);
  return ended / (ended + (1 - ended) * missRate ** telling);
}

/** Of its age, so much passes before a silent session is asked for anew; and never more than this. */
const TURN = { share: 0.1, mostMs: 15 * HEARTBEAT_MS };

/**
 * The order in which silent sessions are asked about while silence proves nothing. What has gone on
 * for long goes on for longer, so of two that are silent alike the younger one has likelier ended.
 */
export function turnMs(suspectedMs: UnixMs, liveSinceMs: UnixMs): UnixMs {
  const age = suspectedMs - liveSinceMs;
  return unixMs(suspectedMs + Math.round(Math.min(age * TURN.share, TURN.mostMs)));
}
