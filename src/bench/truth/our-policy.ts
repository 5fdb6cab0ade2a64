import type { UnixMs } from '../../evidence/instant.js';
import { readChannel, type Channel } from '../../reconcile/channel.js';
import { chooseQueries, oldestFirst, type Candidate } from '../../reconcile/choose-queries.js';
import { nextProofMs, planQuery } from '../../reconcile/plan-query.js';
import { priorityOf, QUERY_CLASSES } from '../../reconcile/query-class.js';
import { likelySilence, suspectMs, turnMs } from '../../reconcile/suspicion.js';
import { createRandom } from '../../simulator/random.js';
import { createHeap, type BinaryHeap } from './binary-heap.js';
import {
  front,
  isLive,
  isNewest,
  QUERIES_PER_SECOND,
  type Planned,
  type Policy,
} from './policy.js';
import { lastLife } from '../../sessions/merge-signs.js';
import {
  atSecond,
  BEAT_MISSED_AFTER,
  RULES,
  secondOf,
  type Known,
  type VirtualLedger,
} from './virtual-ledger.js';

type Silent = Planned & { beat: number; since: number };
type Entry<T> = { key: number; value: T };

const LISTEN_EVERY = 5;
const SAMPLE = 200;
const BEAT = 60;

/** The service's own planner: what it plans by evidence, and how it chooses among what is due. */
export function ours(ledger: VirtualLedger, seed: number): Policy {
  const random = createRandom(seed, 'ours');
  const orders = createOrders(ledger);
  const live: Known[] = [];
  const members = new Set<Known>();
  let channel: Channel = { worksForMs: Infinity, missRate: 0.05 };
  let listenedAt = -Infinity;
  const listen = (at: number): void => {
    listenedAt = at;
    const due: UnixMs[] = [];
    for (let n = 0; n < SAMPLE && live.length > 0; n += 1) {
      const index = random.whole(0, live.length - 1);
      const known = live[index];
      const last = known?.over === true ? live.pop() : undefined;
      if (last !== undefined && index < live.length) live[index] = last;
      const dueMs = known === undefined || known.over ? null : ledger.beatDueMs(known, at);
      if (dueMs !== null) due.push(dueMs);
    }
    channel = readChannel(due, atSecond(at));
  };
  return {
    changed: (known, at) => {
      if (!members.has(known)) live.push(known);
      members.add(known);
      orders.schedule(known, at);
    },
    pick: (at) => {
      if (at - listenedAt >= LISTEN_EVERY) listen(at);
      const nowMs = atSecond(at);
      const { shareFromMs, firstFromMs } = oldestFirst(live.length, QUERIES_PER_SECOND, RULES.routineIntervalMs); // prettier-ignore
      const { heads, found } = orders.heads(at, likelySilence(channel, nowMs), shareFromMs / 1000);
      const [chosen] = chooseQueries(heads, { room: 1, firstFromMs, chance: random.next(), nowMs });
      return chosen === undefined ? null : (found.get(chosen.sid) ?? null);
    },
  };
}

type Silence = ReturnType<typeof likelySilence>;

/** What the schedule's indexes are to the service: the front of each order. */
function createOrders(ledger: VirtualLedger) {
  const byClass = QUERY_CLASSES.map(() => createHeap<Planned>());
  const [proofs, oldest] = [createHeap<Planned>(), createHeap<Planned>()];
  const [suspects, turns, slots, likely] = [createHeap<Silent>(), createHeap<Silent>(), createHeap<Silent>(), createHeap<Silent>()]; // prettier-ignore
  const planned = new Map<Known, string>();

  const suspect = (known: Known): void => {
    const missedMs = known.over ? null : suspectMs(known.facts, RULES);
    if (missedMs !== null) suspectFrom(known, missedMs);
  };
  const suspectFrom = (known: Known, missedMs: UnixMs): void => {
    const since = secondOf(missedMs);
    const entry = { known, plan: known.plan, beat: known.heard, since };
    suspects.push(since, entry);
    slots.push(since, entry);
    turns.push(secondOf(turnMs(missedMs, atSecond(known.truth.start))), entry);
  };
  const schedule = (known: Known, at: number): void => {
    ledger.listen(known, at);
    const entry = { known, plan: known.plan };
    const next = planQuery(known.facts, RULES);
    planned.set(known, planKey(next));
    if (next !== null) byClass[priorityOf(next.queryClass)]?.push(secondOf(next.dueMs), entry);
    if (known.over) return;
    suspect(known);
    const proofMs = nextProofMs(known.facts, RULES);
    if (proofMs !== null) proofs.push(secondOf(proofMs), entry);
    const asked = known.facts.asked.latest?.lastAskedMs;
    oldest.push(asked === undefined ? known.truth.start : secondOf(asked), entry);
  };
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
    if (planKey(planQuery(known.facts, RULES)) === planned.get(known)) {
      suspect(known);
      return;
    }
    known.plan += 1;
    schedule(known, at);
  };
  const holds = (entry: Silent): boolean => isLive(entry) && entry.beat === entry.known.heard;
  /** Whether the silence goes on that an entry was made for. */
  const isSilent = (entry: Silent, at: number): boolean => {
    if (holds(entry)) catchUp(entry.known, at);
    return holds(entry);
  };
  /** At each heartbeat that a silent session misses: is its end likely now? */
  const findLikely = (at: number, silence: Silence): void => {
    for (let first = slots.peek(); first !== undefined && first.key <= at; first = slots.peek()) {
      slots.pop();
      const { key, value } = first;
      if (!isSilent(value, at)) continue;
      const isLikely = silence !== null && atSecond(value.since) <= silence.silentBeforeMs;
      if (isLikely) likely.push(-value.since, value);
      else slots.push(key + BEAT, value);
    }
  };
  const frontSilent = (heap: BinaryHeap<Silent>, at: number): Entry<Silent> | undefined =>
    front(heap, at, (entry) => isSilent(entry, at));
  const heads = (at: number, silence: Silence, shareFrom: number) => {
    findLikely(at, silence);
    const found = new Map<string, Known>();
    const note = (first: Entry<Planned> | undefined, priority = 0): Candidate[] => {
      if (first === undefined) return [];
      const { sid } = first.value.known.facts;
      found.set(sid, first.value.known);
      return [{ sid, priority, sinceMs: atSecond(first.key) }];
    };
    return {
      found,
      heads: {
        // Also of sessions that are over: a reported exit is to be confirmed.
        due: byClass.flatMap((heap, priority) => note(front(heap, at, isNewest), priority)),
        proofs: note(front(proofs, at, isLive)),
        likely: silence === null ? [] : note(frontSilent(likely, at)),
        suspects: [
          ...(silence === null ? note(frontSilent(turns, at)) : []),
          ...note(frontSilent(suspects, at)),
        ],
        oldest: note(front(oldest, at - shareFrom, isLive)),
      },
    };
  };
  return { schedule, heads };
}

/** A further heartbeat of a session that was seen at work is noticed, and folded when it matters. */
function changesNothingElse({ facts }: Known, beat: number): boolean {
  const seenAtWork = facts.answerSigns.lastRecordingMs !== null;
  const life = lastLife(facts) ?? Infinity;
  return seenAtWork && facts.asked.latest?.outcome === 'answered' && atSecond(beat) >= life;
}

function planKey(next: ReturnType<typeof planQuery>): string {
  return next === null ? '' : `${next.queryClass} ${String(next.dueMs)}`;
}
