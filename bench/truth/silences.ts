import type { UnixMs } from '../../src/evidence/instant.js';
import { suspectMs, turnMs, type likelySilence } from '../../src/reconcile/suspicion.js';
import { lastLife } from '../../src/sessions/facts/merge-signs-of-life.js';
import { createHeap, type Heap } from './heap.js';
import { front, isLive, type Planned } from './policy.js';
import { atSecond, BEAT_MISSED_AFTER, RULES, secondOf, type Known, type VirtualLedger } from './virtual-ledger.js';

/** A session that was silent since `since` when its last heartbeat was `beat`. */
type Silent = Planned & { beat: number; since: number };

export type Silence = ReturnType<typeof likelySilence>;

const BEAT = 60;

/** What of a session's plan a heartbeat may change. */
export type Plans = {
  isStale: (known: Known) => boolean;
  renew: (known: Known, at: number) => void;
};

/** The orders of those whose heartbeat is missed: what the schedule's indexes of silence are to the service. */
export function createSilences(ledger: VirtualLedger, plans: Plans) {
  const [suspects, turns, slots, likely] = [
    createHeap<Silent>(),
    createHeap<Silent>(),
    createHeap<Silent>(),
    createHeap<Silent>(),
  ];
  const suspectFrom = (known: Known, missedMs: UnixMs): void => {
    const since = secondOf(missedMs);
    const entry = { known, plan: known.plan, beat: known.heard, since };
    suspects.push({ key: since, value: entry });
    slots.push({ key: since, value: entry });
    turns.push({ key: secondOf(turnMs(missedMs, atSecond(known.truth.start))), value: entry });
  };
  const suspect = (known: Known): void => {
    const missedMs = known.ending !== null ? null : suspectMs(known.facts, RULES);
    if (missedMs !== null) suspectFrom(known, missedMs);
  };
  const isSilent = createIsSilent(ledger, plans, suspect, suspectFrom);
  /** At each heartbeat that a silent session misses: is its end likely now? */
  const findLikely = (at: number, silence: Silence): void => {
    for (let first = slots.peek(); first !== undefined && first.key <= at; first = slots.peek()) {
      slots.pop();
      const { key, value } = first;
      if (!isSilent(value, at)) continue;
      const isLikely = silence !== null && atSecond(value.since) <= silence.silentBeforeMs;
      if (isLikely) likely.push({ key: value.since, value });
      else slots.push({ key: key + BEAT, value });
    }
  };
  const frontOf = (heap: Heap<Silent>) => (at: number) => front(heap, at, (entry) => isSilent(entry, at));
  return { suspect, findLikely, likely: frontOf(likely), turns: frontOf(turns), suspects: frontOf(suspects) };
}

/** Tells whether the silence goes on that an entry was made for. */
function createIsSilent(
  ledger: VirtualLedger,
  plans: Plans,
  suspect: (known: Known) => void,
  suspectFrom: (known: Known, missedMs: UnixMs) => void,
) {
  /** What the fold of a heartbeat that came meanwhile would have done at once. */
  const catchUp = (known: Known, at: number): void => {
    const beat = ledger.lastBeat(known, at);
    if (beat === null || beat <= known.heard) return;
    known.heard = beat;
    if (changesNothingElse(known, beat)) {
      suspectFrom(known, atSecond(beat + BEAT_MISSED_AFTER));
      return;
    }
    ledger.listen(known, at);
    if (plans.isStale(known)) plans.renew(known, at);
    else suspect(known);
  };
  const holds = (entry: Silent): boolean => isLive(entry) && entry.beat === entry.known.heard;
  return (entry: Silent, at: number): boolean => {
    if (holds(entry)) catchUp(entry.known, at);
    return holds(entry);
  };
}

/** A further heartbeat of a session that was seen at work is noticed, and folded when it matters. */
function changesNothingElse({ facts }: Known, beat: number): boolean {
  const seenAtWork = facts.answerSigns.lastRecordingMs !== null;
  const life = lastLife(facts) ?? Infinity;
  return seenAtWork && facts.asked.latest?.outcome === 'answered' && atSecond(beat) >= life;
}
